"""The JSON of resources."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.booking.api.local_fields import LocalDate
from services.booking.api.protocol_schemas import as_tuples
from services.booking.domain.calendar import Weekday
from services.booking.domain.resource import Hours, ResourceKind
from shared.cursors import PageQuery
from shared.fields import Text, WallTime
