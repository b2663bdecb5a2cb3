"""Which column gives which field, by what a person said and what the headers say; the file's own datum."""

from django.utils.translation import gettext as _

from maps.crs import DeclarationError, parse_declared
from maps.datum import Datum
from projects.exchange.columnmatch import match_columns
from projects.exchange.columns import FALLBACK_FIELDS, ColumnMap
from projects.exchange.options import ImportOptions, template_columns
from projects.exchange.problems import OptionError, UnreadableFile
from projects.exchange.readers import Table


def check_datum(table: Table, options: ImportOptions) -> None:
    """A file that names a system other than the declared one is refused: one of the two is wrong."""
    if table.declared_crs is None:
        return
    try:
        own: object = parse_declared(table.declared_crs)
    except DeclarationError:
        own = table.declared_crs
    same = {Datum.WGS84, Datum.CGCS2000}
    if own != options.datum and not (own in same and options.datum in same):
        sentence = _("文件自己写明坐标系是 %(own)s,而 --datum 声明的是 %(declared)s;请核对后只留一个。") % {
            "own": table.declared_crs,
            "declared": options.datum,
        }
        if options.datum in (Datum.GCJ02, Datum.BD09):
            sentence += _(
                "GIS 文件没有办法写明这种坐标系:坐标如确是从高德、腾讯或百度地图取的,"
                "请在 GIS 软件中把图层的坐标系去掉(设为未知)再导出。"
            )
        raise UnreadableFile(sentence)


def choose_columns(table: Table, options: ImportOptions) -> ColumnMap:
    """Raises OptionError for what does not fit the file."""
    explicit = dict(options.mapping)
    for name, column in (("code", options.code_column), ("kind", options.kind.column)):
        if column:
            if explicit.get(name, column) != column:
                raise OptionError(_("--map %(field)s 与另一个选项矛盾。") % {"field": name})
            explicit[name] = column
    for name, rule in options.words.items():
        if explicit.get(name, rule.column) != rule.column:
            raise OptionError(_("--map %(field)s 与另一个选项矛盾。") % {"field": name})
        explicit[name] = rule.column
    skip = {"code", "kind"}
    if options.name_template:
        skip.add("name")
        absent = [c for c in template_columns(options.name_template) if c not in table.headers]
        if absent:
            raise OptionError(
                _("--name-from 用了文件没有的列 %(column)s;它有:%(headers)s。")
                % {"column": absent[0], "headers": "、".join(table.headers)}
            )
    if not options.indicator:
        skip.add("quantity")
    columns = match_columns(
        table.headers,
        explicit,
        has_geometry=table.has_geometry,
        skip=skip,
        by_header=not options.only_mapped,
    )
    _check_fallback(columns, options)
    if "name" not in columns and not options.name_template:
        raise OptionError(
            _("不知道名称在哪一列:请用 --map name=列,或 --name-from '前缀 {列}'。文件有:%(headers)s。")
            % {"headers": "、".join(table.headers)}
        )
    if options.division_from_column and "division" not in columns:
        raise OptionError(_("--division-from column 需要知道哪一列是区划:请用 --map division=列。"))
    if "quantity" in columns and not options.indicator:
        raise OptionError(_("有了 --indicator 才能填写贡献量(quantity)。"))
    return columns


def _check_fallback(columns: ColumnMap, options: ImportOptions) -> None:
    """A second position is a pair and a datum, or nothing."""
    given = sorted(name for name in FALLBACK_FIELDS if name in columns)
    if len(given) == len(FALLBACK_FIELDS) and options.fallback_datum is not None:
        return
    if given or options.fallback_datum is not None:
        raise OptionError(
            _(
                "后备位置要三样一起给:--fallback-datum 坐标系、--map fallback_x=列、--map fallback_y=列;"
                "它的坐标系同样从不猜测。"
            )
        )
