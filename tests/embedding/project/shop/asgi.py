import os

from django.core.asgi import get_asgi_application

from chatsite.embedding import with_chat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

application = with_chat(get_asgi_application())
