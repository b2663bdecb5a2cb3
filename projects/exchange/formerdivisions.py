"""Counties that are no more, and which ones they became: files go on using their names and codes for years.

A city's own former names are data (`DivisionAlias`); this table is for cities whose borders came without any.
Only changes of a whole county are in it (or of all its parts, then each successor is named). Source: the
yearly lists of changes of divisions at county level and above, Ministry of Civil Affairs (民政部), 2000-2021.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Former:
    """A county as it was: code, name, the year it ended, the codes that its area belongs to now."""

    code: str
    name: str
    until: int
    now: tuple[str, ...]


_TABLE: Final = """
110103 崇文区 2010 110101
110104 宣武区 2010 110102
110228 密云县 2015 110118
110229 延庆县 2015 110119
120107 塘沽区 2009 120116
120108 汉沽区 2009 120116
120109 大港区 2009 120116
120221 宁河县 2015 120117
120223 静海县 2015 120118
120225 蓟县 2016 120119
310103 卢湾区 2011 310101
310108 闸北区 2015 310106
310119 南汇区 2009 310115
310230 崇明县 2016 310151
320103 白下区 2013 320104
320107 下关区 2013 320106
320124 溧水县 2013 320117
320125 高淳县 2013 320118
320202 崇安区 2015 320213
320203 南长区 2015 320213
320204 北塘区 2015 320213
320502 沧浪区 2012 320508
320503 平江区 2012 320508
320504 金阊区 2012 320508
320584 吴江市 2012 320509
330103 下城区 2021 330105
330104 江干区 2021 330102 330114
330181 萧山市 2001 330109
330183 富阳市 2014 330111
330185 临安市 2017 330112
330204 江东区 2016 330212
330227 鄞县 2002 330212
330283 奉化市 2016 330213
330322 洞头县 2015 330305
330621 绍兴县 2013 330603
330682 上虞市 2013 330604
331021 玉环县 2017 331083
350182 长乐市 2017 350112
370125 济阳县 2018 370115
370181 章丘市 2016 370114
370205 四方区 2012 370203
370282 即墨市 2017 370215
370284 胶南市 2012 370211
430122 望城县 2011 430112
440102 东山区 2005 440104
440107 芳村区 2005 440103
440116 萝岗区 2014 440112
440183 增城市 2014 440118
440184 从化市 2014 440117
500222 綦江县 2011 500110
500225 大足县 2011 500111
510122 双流县 2015 510116
510124 郫县 2016 510117
610125 户县 2016 610118
610126 高陵县 2014 610117
"""


def _read() -> tuple[Former, ...]:
    lines = (line.split() for line in _TABLE.strip().splitlines())
    return tuple(Former(code, name, int(until), tuple(now)) for code, name, until, *now in lines)


FORMER: Final = _read()
BY_WORD: Final = {word: former for former in FORMER for word in (former.code, former.name)}
