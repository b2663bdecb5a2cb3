"""docs/user/import-columns.md, written from the one table of columns."""

from projects.exchange.columns import COLUMNS


def markdown() -> str:
    """The table as the user guide prints it."""
    lines = [
        "# 导入和导出的列",
        "",
        "这一页由 `projects/exchange/columns.py` 写成,测试保证两者一致;改列请改那里,再运行",
        '`manage.py shell -v0 -c "from projects.exchange import columnguide as c; '
        "print(c.markdown(), end='')\"`。",
        "",
        "表头与“自动识别的表头”相同(不分大小写、全角半角、字间空格和末尾的括号)的列会自动对应;"
        "其他列用 `--map 字段=列` 指定。"
        "空行跳过;多余的列不读。",
        "",
        "| 字段 | 含义 | 自动识别的表头 | 说明 | 导出 | 模板 |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{c.field}` | {c.title} | {'、'.join(c.aliases)} | {';'.join(filter(None, (c.about, c.option)))} "
        f"| {'✓' if c.is_exported else ''} | {'✓' if c.is_in_template else ''} |"
        for c in COLUMNS
    ]
    lines += [
        "| `attributes.属性` | 设施种类的属性 | attributes.属性、名称(attributes.属性) "
        "| 例如 `attributes.piles`、`充电桩(attributes.piles)` | ✓ | ✓ |",
        "",
        "日期可写 2024-06-30、2024/6/30、2024.6.30、2024年6月30日、20240630。"
        "可不填的格里写“/”“-”“无”“待定”“PNS”“TBD”等,按没有填写处理并提示。",
        "坐标格里的全角数字和标点会换成半角;度分秒(121°33′05″E、东经121度33分5秒、121:33:05)也能读;"
        "空值、文字、NaN 和不在地球上的数按行报错。",
        "",
    ]
    return "\n".join(lines)
