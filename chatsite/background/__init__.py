"""Background jobs: work that outlives a request and never runs on the event loop.

Jobs are tasks of `django-tasks`, stored by its database backend in the transaction of the change that causes them.
This package adds what that backend leaves out: retries with backoff, jobs of a worker that died, recurring jobs,
and a worker that runs several queues at once. `docs/background-jobs.md` is the operator's view.
"""
