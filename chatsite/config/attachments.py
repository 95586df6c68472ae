"""Defaults of the attachments' settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

# A list of content types, `family/*`, or `*` for everything. HTML and SVG are only ever downloads.
TYPES: Final = (
    "image/*",
    "audio/*",
    "video/*",
    "text/plain",
    "text/html",
    "application/pdf",
    "application/zip",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
)


def file_system(folder: Path) -> dict[str, Any]:
    """Return the storage `attachments` in a folder that no web server publishes."""
    return {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": str(folder),
            "file_permissions_mode": 0o640,
            "directory_permissions_mode": 0o750,
        },
    }


def s3(url: str) -> dict[str, Any]:
    """Return the storage `attachments` in a bucket: `s3://KEY:SECRET@HOST/BUCKET?region=…`; AWS without a host.

    `&insecure=1` speaks plain HTTP to the host. Without a key, boto3 looks for credentials in its usual places.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    bucket = parts.path.strip("/")
    if parts.scheme != "s3" or not bucket or "/" in bucket:
        raise ValueError(url)
    from boto3.s3.transfer import TransferConfig  # the extra `s3` of the package

    port = f":{parts.port}" if parts.port else ""
    scheme = "http" if options.get("insecure") == "1" else "https"
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": bucket,
            "endpoint_url": f"{scheme}://{parts.hostname}{port}" if parts.hostname else None,
            "access_key": unquote(parts.username or "") or None,
            "secret_key": unquote(parts.password or "") or None,
            "region_name": options.get("region"),
            "addressing_style": "path" if parts.hostname else "auto",
            "signature_version": "s3v4",
            "default_acl": None,
            "file_overwrite": True,  # every name is used once
            "max_memory_size": 1024 * 1024,  # of a file that is read; the rest goes to the disk
            "transfer_config": TransferConfig(use_threads=False, max_concurrency=1),
        },
    }


def origins_of(storage: dict[str, Any]) -> list[str]:
    """Return the origins that browsers upload to and are redirected to. A folder has none."""
    options = storage.get("OPTIONS", {})
    if "bucket_name" not in options:
        return []
    if options.get("custom_domain"):
        return [f"https://{options['custom_domain']}"]
    if options.get("endpoint_url"):
        return [str(options["endpoint_url"])]
    bucket, region = options["bucket_name"], options.get("region_name")
    # AWS redirects from the first to the second while a bucket is new.
    regional = [f"https://{bucket}.s3.{region}.amazonaws.com"] if region else []
    return [f"https://{bucket}.s3.amazonaws.com", *regional]


def origin_of(storage: dict[str, Any]) -> str:
    """Return the first of these origins; "" for a folder."""
    return next(iter(origins_of(storage)), "")


def file_origins(own_origin: str, storage: dict[str, Any]) -> list[str]:
    """Return all origins that pages load files from, apart from the site's own, for their content security policy."""
    return [*filter(None, [own_origin]), *origins_of(storage)]


def served_by(storage: dict[str, Any]) -> str:
    """Return who sends the bytes unless ATTACHMENTS_SERVE says otherwise."""
    return "redirect" if origin_of(storage) else "stream"
