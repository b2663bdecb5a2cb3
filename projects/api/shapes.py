"""Shapes of the API's answers, for its OpenAPI description only: no answer is built through a serializer."""

from typing import Any

from rest_framework import serializers


class Problem(serializers.Serializer[Any]):
    """RFC 9457. `parameter` names the query word that is to blame."""

    type = serializers.CharField()
    status = serializers.IntegerField()
    title = serializers.CharField()
    detail = serializers.CharField()
    detail_en = serializers.CharField()
    parameter = serializers.CharField(required=False)


class Geometry(serializers.Serializer[Any]):
    type = serializers.CharField()
    coordinates = serializers.ListField()


class Names(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name_zh = serializers.CharField()
    name_en = serializers.CharField()
    icon = serializers.CharField(required=False)
    colour = serializers.CharField(required=False)


class DivisionNames(serializers.Serializer[Any]):
    code = serializers.CharField()
    name_zh = serializers.CharField()
    name_en = serializers.CharField()


class SiteProperties(serializers.Serializer[Any]):
    name = serializers.CharField()
    kind = Names()
    address = serializers.CharField()
    stage = serializers.CharField()
    service = serializers.CharField()
    service_checked_on = serializers.DateField(allow_null=True)
    opening_hours = serializers.CharField()
    phone = serializers.CharField()
    percent = serializers.FloatField(allow_null=True)
    reported_on = serializers.DateField(allow_null=True)
    division = DivisionNames()
    light = serializers.CharField(allow_null=True)
    is_demo = serializers.BooleanField()
    url = serializers.CharField()
    url_en = serializers.CharField()
    as_of = serializers.DateField(allow_null=True)
    distance_m = serializers.FloatField(required=False)


class AreaProperties(serializers.Serializer[Any]):
    name = serializers.CharField(allow_blank=True)
    vertices = serializers.IntegerField()
    area_m2 = serializers.IntegerField()
    filter = serializers.CharField()


class AREA(serializers.Serializer[Any]):
    """A GeoJSON Feature whose geometry is a MultiPolygon."""

    type = serializers.CharField()
    id = serializers.CharField()
    geometry = Geometry()
    properties = AreaProperties()


class FEATURE(serializers.Serializer[Any]):
    """A GeoJSON Feature."""

    type = serializers.CharField()
    id = serializers.CharField()
    geometry = Geometry()
    properties = SiteProperties()


class FEATURES(serializers.Serializer[Any]):
    """A GeoJSON FeatureCollection."""

    type = serializers.CharField()
    features = FEATURE(many=True)
    total = serializers.IntegerField()
    next = serializers.CharField(allow_null=True, required=False)


class FACETS(serializers.Serializer[Any]):
    """Counts by value; values without sites are left out."""

    total = serializers.IntegerField()
    kind = serializers.DictField(child=serializers.IntegerField())
    category = serializers.DictField(child=serializers.IntegerField())
    stage = serializers.DictField(child=serializers.IntegerField())
    service = serializers.DictField(child=serializers.IntegerField())
    light = serializers.DictField(child=serializers.IntegerField())
    division = serializers.DictField(child=serializers.IntegerField())
    as_of = serializers.DateField(allow_null=True)


class TILE(serializers.Serializer[Any]):
    """`clusters`: [lon, lat, count, [min_lon, min_lat, max_lon, max_lat], [[kind, count], ...]];
    `points`: [lon, lat, public id, kind, stage, service, light]."""

    total = serializers.IntegerField()
    clusters = serializers.ListField()
    points = serializers.ListField()
    truncated = serializers.BooleanField()


class DIVISIONS(serializers.Serializer[Any]):
    """A GeoJSON FeatureCollection; the geometry is null where a border may not be shown."""

    type = serializers.CharField()
    features = serializers.ListField()


class PROGRESS(serializers.Serializer[Any]):
    """The figures of a district's page."""

    division = DivisionNames()
    programme = serializers.CharField()
    as_of = serializers.DateField()
    known_at = serializers.DateTimeField(allow_null=True)
    categories = serializers.ListField()
    history = serializers.ListField()
    change = serializers.DictField(allow_null=True)
    light = serializers.CharField(allow_null=True)
    lights = serializers.ListField(allow_null=True)
    months = serializers.ListField(allow_null=True)


class HEADLINE(serializers.Serializer[Any]):
    """Published statements of a programme."""

    programme = serializers.CharField()
    as_of = serializers.DateField()
    published = serializers.ListField()
    light = serializers.CharField(allow_null=True)
    lights = serializers.ListField(allow_null=True)
    months = serializers.ListField(allow_null=True)


class SUBJECT(serializers.Serializer[Any]):
    """A project or an indicator on a day. `indicators`: each with its `matrix`, a row a district, what the
    city itself manages, the total."""

    kind = serializers.CharField()
    id = serializers.IntegerField(allow_null=True)
    code = serializers.CharField(allow_null=True)
    programme = serializers.CharField()
    as_of = serializers.DateField()
    known_at = serializers.DateTimeField(allow_null=True)
    is_demo = serializers.BooleanField()
    indicators = serializers.ListField()
    funds = serializers.ListField()
    published = serializers.ListField()
    phases = serializers.ListField()
    formula_zh = serializers.CharField()
    formula_en = serializers.CharField()


class PHASES(serializers.Serializer[Any]):
    """Phases of a programme. `counts`: by question, each with its denominator and its missing parts, over
    all `phases`; `total`: how many fit `status`."""

    programme = serializers.CharField()
    as_of = serializers.DateField()
    known_at = serializers.DateTimeField(allow_null=True)
    phases = serializers.IntegerField()
    total = serializers.IntegerField()
    counts = serializers.DictField()
    rows = serializers.ListField()
    next = serializers.CharField(allow_null=True)


PROBLEMS: dict[Any, Any] = {(400, "application/problem+json"): Problem}
NOT_FOUND: dict[Any, Any] = {(404, "application/problem+json"): Problem}
