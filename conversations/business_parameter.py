"""The parameter by which a request names the business whose rows it lists."""

from __future__ import annotations

from typing import Final

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from chatsite.errors import invalid

OF_BUSINESS: Final = OpenApiParameter("businessId", str, required=True)


def business_of(request: Request) -> str:
    """Return `?businessId=`. Raise `invalid` if it is missing."""
    business_id: str = request.query_params.get("businessId", "")
    if not business_id:
        raise invalid("businessId is required.", field="businessId")
    return business_id
