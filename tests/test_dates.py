"""What is understood of days and moments, and that what we print of them is understood again."""

import time as stopwatch
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from dialogue import texts
from dialogue.dates import in_part, other_half, read_date, read_moment, read_time
from dialogue.saying import say_date, say_in_table, say_moment, say_near, say_span
from storage.times import SHANGHAI, at, local, local_date
from tests.test_numbers import spelled

NOW = datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)  # a Monday


def moment(said: str) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=SHANGHAI)


def understood(phrase: str, now: datetime = NOW) -> tuple[str, str]:
    """Expected column and outcome, as the acceptance table has them."""
    reading = read_moment(phrase, now)
    if reading.start is not None:
        return say_in_table(reading.start), reading.outcome
    return str(reading.day or ""), reading.outcome


def rows(table: str) -> list[tuple[str, ...]]:
    return [tuple(cell.strip() for cell in line.split("|")) for line in table.strip().splitlines()]


ACCEPTANCE = """
明天下午三点 | 2026-11-24 15:00 | ok
12月8号14:30 | 2026-12-08 14:30 | ok
这周六下午两点半 | 2026-11-28 14:30 | ok
今晚七点 | 2026-11-23 19:00 | ok
2026年12月31日 20:00 | 2026-12-31 20:00 | ok
下个月5号上午九点 | 2026-12-05 09:00 | ok
元旦上午十点 | 2027-01-01 10:00 | ok
腊月二十三上午九点 | 2027-01-30 09:00 | ok
明儿下午两点 | 2026-11-24 14:00 | ok
明天下午3点到5点 | 2026-11-24 15:00 | ok
明天三点 | 2026-11-24 15:00 | ask_period
下午三点 | 2026-11-23 15:00 | confirm
昨天下午三点 | | past
不知道 | | unclear
5号下午2点 | 2026-12-05 14:00 | ok
正月十五上午九点 | 2027-02-20 09:00 | ok
重阳节上午九点 | 2027-10-08 09:00 | ok
一会儿 | | unclear
十二月八日下午两点半 | 2026-12-08 14:30 | ok
晚上八点 | 2026-11-23 20:00 | confirm
"""

DAYS_FROM_TODAY = """
今天下午三点 | 2026-11-23 15:00 | ok
今日15时 | 2026-11-23 15:00 | ok
今儿个后晌四点 | 2026-11-23 16:00 | ok
今晚上七点 | 2026-11-23 19:00 | ok
今天晚上 | 2026-11-23 | ask_time
明日9时 | 2026-11-24 09:00 | ok
明早八点 | 2026-11-24 08:00 | ok
明晚七点半 | 2026-11-24 19:30 | ok
明儿个晌午 | 2026-11-24 | ask_time
明儿头晌九点 | 2026-11-24 09:00 | ok
明儿早起八点 | 2026-11-24 08:00 | ok
明个下午三点 | 2026-11-24 15:00 | ok
赶明儿下午两点 | 2026-11-24 14:00 | ok
后天上午九点半 | 2026-11-25 09:30 | ok
后儿上午十点 | 2026-11-25 10:00 | ok
后儿个晌午十二点 | 2026-11-25 12:00 | ok
大后天早上八点 | 2026-11-26 08:00 | ok
大后天 | 2026-11-26 | ask_time
两天后下午三点 | 2026-11-25 15:00 | ok
三天后 | 2026-11-26 | ask_time
过三天下午三点 | 2026-11-26 15:00 | ok
10天以后上午9点 | 2026-12-03 09:00 | ok
一周后 | 2026-11-30 | ask_time
两个礼拜后的星期五下午三点 | 2026-12-11 15:00 | ok
三周后下午三点 | 2026-12-14 15:00 | ok
半个月后 | 2026-12-08 | ask_time
一个月后上午九点 | 2026-12-23 09:00 | ok
半年后上午九点 | 2027-05-23 09:00 | ok
一年后上午九点 | 2027-11-23 09:00 | ok
两年后上午九点 | 2028-11-23 09:00 | confirm
一个钟头后 | 2026-11-23 11:00 | ok
半小时后 | 2026-11-23 10:30 | ok
半个钟头以后 | 2026-11-23 10:30 | ok
一个半小时后 | 2026-11-23 11:30 | ok
1.5小时后 | 2026-11-23 11:30 | ok
俩小时后 | 2026-11-23 12:00 | ok
一小时三十分钟后 | 2026-11-23 11:30 | ok
90分钟后 | 2026-11-23 11:30 | ok
一刻钟后 | 2026-11-23 10:15 | ok
再过半小时 | 2026-11-23 10:30 | ok
前天 | | past
昨儿晚上 | | past
三天前 | | past
今天上午九点 | | past
"""

WEEKDAYS = """
礼拜五下午三点 | 2026-11-27 15:00 | ok
星期天上午十点 | 2026-11-29 10:00 | ok
周日上午10点 | 2026-11-29 10:00 | ok
星期3下午3点 | 2026-11-25 15:00 | ok
周六 | 2026-11-28 | ask_time
周一上午九点 | 2026-11-30 09:00 | ok
周一下午三点 | 2026-11-23 15:00 | ok
周三三点 | 2026-11-25 15:00 | ask_period
周五五点半 | 2026-11-27 17:30 | ask_period
周六晚7点半 | 2026-11-28 19:30 | ok
这周一上午九点 | | past
本周五14:30 | 2026-11-27 14:30 | ok
这个礼拜天下午三点 | 2026-11-29 15:00 | ok
下周一上午九点 | 2026-11-30 09:00 | ok
下周二下午两点 | 2026-12-01 14:00 | ok
下个礼拜三上午十点 | 2026-12-02 10:00 | ok
下周日下午三点 | 2026-12-06 15:00 | ok
下下周三上午九点 | 2026-12-09 09:00 | ok
下下个星期一上午九点 | 2026-12-07 09:00 | ok
上周三上午九点 | | past
下周今天下午三点 | 2026-11-30 15:00 | ok
12月8号（周二）下午2点30分 | 2026-12-08 14:30 | ok
12月8号星期三下午两点 | 2026-12-08 14:00 | confirm
星期八 | | invalid
下里拜三上午九点 | 2026-12-02 09:00 | ok
下周 | | unclear
周末 | | unclear
周六日 | | unclear
周一到周五 | | unclear
下周一三五上午九点 | | unclear
"""

DATES = """
12月8号 | 2026-12-08 | ask_time
12月8号下午 | 2026-12-08 | ask_time
１２月８日１４：３０ | 2026-12-08 14:30 | ok
12月8日14时30分 | 2026-12-08 14:30 | ok
12 月 8 日 下午 2 点 | 2026-12-08 14:00 | ok
⑫月⑧号下午②点 | 2026-12-08 14:00 | ok
12/8下午2点 | 2026-12-08 14:00 | ok
12/08 | 2026-12-08 | ask_time
11/30上午9点 | 2026-11-30 09:00 | ok
11-30上午9点 | 2026-11-30 09:00 | ok
11.30上午9点 | 2026-11-30 09:00 | ok
12.8号下午2点 | 2026-12-08 14:00 | ok
2026-12-31 | 2026-12-31 | ask_time
2026-12-31 20:00 | 2026-12-31 20:00 | ok
2026-12-31T20:00:00 | 2026-12-31 20:00 | ok
2026/12/31晚上8点 | 2026-12-31 20:00 | ok
2026.12.31上午九点 | 2026-12-31 09:00 | ok
20261231晚上8点 | 2026-12-31 20:00 | ok
二〇二六年十二月三十一日晚上八点 | 2026-12-31 20:00 | ok
2026年十二月8日上午九点 | 2026-12-08 09:00 | ok
26年12月31日上午十点 | 2026-12-31 10:00 | ok
今年12月8日下午3点 | 2026-12-08 15:00 | ok
明年3月5号上午九点 | 2027-03-05 09:00 | ok
2027年1月5号上午九点 | 2027-01-05 09:00 | ok
1月1号上午十点 | 2027-01-01 10:00 | ok
11月20号上午九点 | 2027-11-20 09:00 | ok
11月23号下午3点 | 2026-11-23 15:00 | ok
十二月八 | 2026-12-08 | ask_time
二月二号两点 | 2027-02-02 14:00 | ask_period
十号十点十分 | 2026-12-10 10:10 | ok
12.8 9.30 | 2026-12-08 09:30 | ok
十一月三十号下午三点 | 2026-11-30 15:00 | ok
十一月十一号上午九点 | 2027-11-11 09:00 | ok
三十号上午九点 | 2026-11-30 09:00 | ok
31号上午九点 | 2026-12-31 09:00 | ok
23号下午三点 | 2026-11-23 15:00 | ok
23号上午九点 | 2026-12-23 09:00 | ok
二十八日下午两点 | 2026-11-28 14:00 | ok
下月5号上午九点 | 2026-12-05 09:00 | ok
下下个月1号上午九点 | 2027-01-01 09:00 | ok
本月28号下午三点 | 2026-11-28 15:00 | ok
这个月30号上午九点 | 2026-11-30 09:00 | ok
上个月5号 | | past
这个月5号上午九点 | | past
去年12月8日 | | past
2025年12月8日上午9点 | | past
明天24号下午三点 | 2026-11-24 15:00 | ok
明天25号下午三点 | | unclear
2028年3月1日上午九点 | 2028-03-01 09:00 | confirm
后年三月八号上午九点 | 2028-03-08 09:00 | confirm
4月31号 | | invalid
4月31号上午九点 | | invalid
2月30号 | | invalid
2027年2月29号 | | invalid
2月29号上午九点 | | invalid
13月1号 | | invalid
12月0号 | | invalid
32号 | | invalid
13/8 | | invalid
"""

TIMES = """
明天下午3点钟 | 2026-11-24 15:00 | ok
明天下午三点整 | 2026-11-24 15:00 | ok
明天下午三点一刻 | 2026-11-24 15:15 | ok
明天下午4点3刻 | 2026-11-24 16:45 | ok
明天下午三点差五分 | 2026-11-24 14:55 | ok
明天下午差一刻三点 | 2026-11-24 14:45 | ok
明天差十分八点 | 2026-11-24 07:50 | ok
明天下午三点过五分 | 2026-11-24 15:05 | ok
明天下午三点零五 | 2026-11-24 15:05 | ok
明天上午9点零5分 | 2026-11-24 09:05 | ok
明天下午三点二十 | 2026-11-24 15:20 | ok
明天下午四点四十五 | 2026-11-24 16:45 | ok
明天下午3:30 | 2026-11-24 15:30 | ok
明天下午15:30 | 2026-11-24 15:30 | ok
明天3:30 | 2026-11-24 03:30 | ok
明天９：３０ | 2026-11-24 09:30 | ok
明天9;30 | 2026-11-24 09:30 | ok
明天9.30 | 2026-11-24 09:30 | ok
明天1430 | 2026-11-24 14:30 | ok
明天3pm | 2026-11-24 15:00 | ok
明天早8点 | 2026-11-24 08:00 | ok
明天下午3 | 2026-11-24 15:00 | ok
明天十五点三十 | 2026-11-24 15:30 | ok
明天六点半 | 2026-11-24 18:30 | ask_period
明天七点 | 2026-11-24 07:00 | ok
明天11点 | 2026-11-24 11:00 | ok
明天12点 | 2026-11-24 12:00 | ok
明天十二点半 | 2026-11-24 12:30 | ok
明天中午一点 | 2026-11-24 13:00 | ok
明天中午十一点半 | 2026-11-24 11:30 | ok
明天下午12点半 | 2026-11-24 12:30 | ok
明天凌晨五点 | 2026-11-24 05:00 | ok
明天大清早五点 | 2026-11-24 05:00 | ok
明天一大早六点 | 2026-11-24 06:00 | ok
明天傍晚六点 | 2026-11-24 18:00 | ok
明天擦黑六点 | 2026-11-24 18:00 | ok
明天夜里十点 | 2026-11-24 22:00 | ok
明天0点 | 2026-11-24 00:00 | ok
明天零点三十 | 2026-11-24 00:30 | ok
明天24点 | 2026-11-25 00:00 | confirm
明天24:00 | 2026-11-25 00:00 | confirm
今晚十二点 | 2026-11-24 00:00 | confirm
夜里十二点 | 2026-11-24 00:00 | confirm
明天半夜一点 | 2026-11-25 01:00 | confirm
今晚一点 | 2026-11-24 01:00 | confirm
三点 | 2026-11-23 15:00 | ask_period
今天八点 | 2026-11-23 20:00 | ask_period
八点 | 2026-11-24 08:00 | confirm
11点 | 2026-11-23 11:00 | confirm
14:30 | 2026-11-23 14:30 | confirm
9点30 | 2026-11-24 09:30 | confirm
上午九点 | 2026-11-24 09:00 | confirm
下午5點 | 2026-11-23 17:00 | confirm
明天中午 | 2026-11-24 | ask_time
25点 | | invalid
明天25点 | | invalid
明天9点75分 | | invalid
明天上午9:60 | | invalid
明天24点30 | | invalid
上午15点 | | invalid
明天中午五点 | | invalid
"""

FESTIVALS = """
元旦 | 2027-01-01 | ask_time
三八妇女节上午十点 | 2027-03-08 10:00 | ok
三八节下午两点 | 2027-03-08 14:00 | ok
清明上午九点 | 2027-04-05 09:00 | ok
五一上午九点 | 2027-05-01 09:00 | ok
五一劳动节下午三点 | 2027-05-01 15:00 | ok
五四青年节上午九点 | 2027-05-04 09:00 | ok
母亲节上午十点 | 2027-05-09 10:00 | ok
六一上午九点 | 2027-06-01 09:00 | ok
七一上午九点 | 2027-07-01 09:00 | ok
建党节上午九点 | 2027-07-01 09:00 | ok
八一建军节上午九点 | 2027-08-01 09:00 | ok
教师节上午九点 | 2027-09-10 09:00 | ok
国庆节上午九点 | 2027-10-01 09:00 | ok
十一上午九点 | 2027-10-01 09:00 | ok
国庆前一天下午三点 | 2027-09-30 15:00 | ok
国庆第二天上午九点 | 2027-10-02 09:00 | ok
今年国庆上午九点 | | past
明年国庆上午九点 | 2027-10-01 09:00 | ok
冬至中午十二点 | 2026-12-22 12:00 | ok
平安夜七点 | 2026-12-24 19:00 | ok
圣诞节晚上七点 | 2026-12-25 19:00 | ok
12月25号圣诞节晚上七点 | 2026-12-25 19:00 | ok
春节上午九点 | 2027-02-06 09:00 | ok
2027年春节上午九点 | 2027-02-06 09:00 | ok
今年春节上午九点 | 2027-02-06 09:00 | confirm
春节前三天上午九点 | 2027-02-03 09:00 | ok
大年初一上午九点 | 2027-02-06 09:00 | ok
大年初三下午两点 | 2027-02-08 14:00 | ok
年初五上午九点 | 2027-02-10 09:00 | ok
初五上午九点 | 2027-02-10 09:00 | confirm
正月初八 | 2027-02-13 | ask_time
正月廿五下午两点 | 2027-03-02 14:00 | ok
正月三十上午九点 | 2027-03-07 09:00 | ok
除夕晚上八点 | 2027-02-05 20:00 | ok
除夕夜八点 | 2027-02-05 20:00 | ok
今年除夕晚上八点 | 2027-02-05 20:00 | ok
年三十下午三点 | 2027-02-05 15:00 | ok
大年三十晚上八点 | 2027-02-05 20:00 | ok
腊月三十晚上八点 | 2027-02-05 20:00 | confirm
腊月廿八上午十点 | 2027-02-04 10:00 | ok
腊八上午九点 | 2027-01-15 09:00 | ok
腊月初八上午九点 | 2027-01-15 09:00 | ok
北方小年上午九点 | 2027-01-30 09:00 | ok
南方小年上午九点 | 2027-01-31 09:00 | ok
元宵节晚上七点 | 2027-02-20 19:00 | ok
二月二上午九点 | 2027-03-09 09:00 | ok
二月初二上午九点 | 2027-03-09 09:00 | ok
农历二月初十上午九点 | 2027-03-17 09:00 | ok
端午节上午九点 | 2027-06-09 09:00 | ok
五月初五上午9点 | 2027-06-09 09:00 | ok
七夕晚上七点 | 2027-08-08 19:00 | ok
中秋晚上七点 | 2027-09-15 19:00 | ok
八月十五晚上七点 | 2027-09-15 19:00 | ok
8月15日晚上7点 | 2027-08-15 19:00 | ok
农历九月初九上午九点 | 2027-10-08 09:00 | ok
九九重阳上午九点 | 2027-10-08 09:00 | ok
老年节上午九点 | 2027-10-08 09:00 | ok
小年上午九点 | | unclear
三月三上午九点 | | unclear
十月初一上午九点 | | unclear
冬月初八上午九点 | | unclear
闰六月初一上午九点 | | unclear
正月三十一 | | invalid
腊月上午九点 | | unclear
国庆期间 | | unclear
国庆节后 | | unclear
"""

TOO_LITTLE = """
好的 | | unclear
改天 | | unclear
回头再说 | | unclear
过几天 | | unclear
过两天 | | unclear
有空再说 | | unclear
月底 | | unclear
月初 | | unclear
12月中旬 | | unclear
下个月 | | unclear
明年 | | unclear
明天早点 | | unclear
晚一点 | | unclear
三四点 | | unclear
明天三四点钟 | | unclear
明天下午几点 | | unclear
明天或者后天 | | unclear
明天和后天 | | unclear
五点以后 | | unclear
5号前 | | unclear
明天下午3点之前 | | unclear
每周三下午 | | unclear
不是明天 | | unclear
两个小时 | | unclear
123 | | unclear
1208 | | unclear
5号楼 | | unclear
12/8/2026 | | unclear
明天上午9点5 | | unclear
12月8日到10日上午九点 | | unclear
"""

SAID_AROUND_IT = """
我想定在明天下午三点 | 2026-11-24 15:00 | ok
就明天下午三点吧，谢谢 | 2026-11-24 15:00 | ok
大概明天下午三点左右 | 2026-11-24 15:00 | ok
没问题，明天下午三点 | 2026-11-24 15:00 | ok
时间：12月8日下午2点30分 | 2026-12-08 14:30 | ok
明天下午三点在二楼活动室 | 2026-11-24 15:00 | ok
明天下午三点去三亚湾 | 2026-11-24 15:00 | ok
12月8号下午两点，地点春园社区活动室 | 2026-12-08 14:00 | ok
明天下午三点一起去 | 2026-11-24 15:00 | ok
周二, 12月8号, 下午两点半 | 2026-12-08 14:30 | ok
"""


@pytest.mark.parametrize(("phrase", "expected", "outcome"), rows(ACCEPTANCE))
def test_the_phrases_of_the_acceptance_table(phrase, expected, outcome):
    assert understood(phrase) == (expected, outcome)


@pytest.mark.parametrize(
    ("phrase", "expected", "outcome"),
    [
        row
        for table in (DAYS_FROM_TODAY, WEEKDAYS, DATES, TIMES, FESTIVALS, TOO_LITTLE, SAID_AROUND_IT)
        for row in rows(table)
    ],
)
def test_phrases_of_the_same_kinds(phrase, expected, outcome):
    assert understood(phrase) == (expected, outcome)


@pytest.mark.parametrize(
    ("phrase", "start", "end", "outcome"),
    rows("""
明天下午3点到5点 | 2026-11-24 15:00 | 2026-11-24 17:00 | ok
明天下午三点至五点半 | 2026-11-24 15:00 | 2026-11-24 17:30 | ok
明天下午3-5点 | 2026-11-24 15:00 | 2026-11-24 17:00 | ok
明天下午2-4 | 2026-11-24 14:00 | 2026-11-24 16:00 | ok
明天14:30—16:30 | 2026-11-24 14:30 | 2026-11-24 16:30 | ok
明天14:30到16点 | 2026-11-24 14:30 | 2026-11-24 16:00 | ok
周三下午3:00~4:30 | 2026-11-25 15:00 | 2026-11-25 16:30 | ok
明天上午9点-11点半 | 2026-11-24 09:00 | 2026-11-24 11:30 | ok
明天8点到5点 | 2026-11-24 08:00 | 2026-11-24 17:00 | ok
明天九点到下午三点 | 2026-11-24 09:00 | 2026-11-24 15:00 | ok
明天三点到下午五点 | 2026-11-24 15:00 | 2026-11-24 17:00 | ok
明天三点到五点 | 2026-11-24 15:00 | 2026-11-24 17:00 | ask_period
明天上午十点到一点 | 2026-11-24 10:00 | 2026-11-24 13:00 | ok
明天晚上十点到十二点 | 2026-11-24 22:00 | 2026-11-25 00:00 | ok
明天晚上十点到凌晨一点 | 2026-11-24 22:00 | 2026-11-25 01:00 | ok
从明天下午三点开始到五点结束 | 2026-11-24 15:00 | 2026-11-24 17:00 | ok
明天下午三点开始五点结束 | 2026-11-24 15:00 | 2026-11-24 17:00 | ok
明天下午3点，两个小时 | 2026-11-24 15:00 | 2026-11-24 17:00 | ok
12月31号晚上8点到1月1号凌晨1点 | 2026-12-31 20:00 | 2027-01-01 01:00 | ok
下午三点到五点半 | 2026-11-23 15:00 | 2026-11-23 17:30 | confirm
14:30-16:00 | 2026-11-23 14:30 | 2026-11-23 16:00 | confirm
"""),
)
def test_a_range_has_a_start_and_an_end(phrase, start, end, outcome):
    reading = read_moment(phrase, NOW)
    assert (say_in_table(reading.start), say_in_table(reading.end), reading.outcome) == (start, end, outcome)


def test_a_range_that_ends_before_it_starts_does_not_exist():
    assert read_moment("明天下午三点到两点", NOW).outcome == "invalid"
    assert read_moment("明天14:30-13:00", NOW).outcome == "invalid"


@pytest.mark.parametrize(
    ("now", "phrase", "expected", "outcome"),
    rows("""
2026-11-23 16:00 | 下午三点 | 2026-11-24 15:00 | confirm
2026-11-23 16:00 | 今天三点 | | past
2026-11-23 16:00 | 周一下午三点 | 2026-11-30 15:00 | ok
2026-11-23 15:00 | 今天上午 | | past
2026-11-23 23:50 | 半小时后 | 2026-11-24 00:20 | ok
2026-11-29 10:00 | 这周日下午三点 | 2026-11-29 15:00 | ok
2026-11-29 10:00 | 下周一上午九点 | 2026-11-30 09:00 | ok
2026-11-29 10:00 | 周一上午九点 | 2026-11-30 09:00 | ok
2026-11-29 10:00 | 这周一上午九点 | | past
2026-11-29 10:00 | 下周日上午九点 | 2026-12-06 09:00 | ok
2026-12-31 22:00 | 明天上午九点 | 2027-01-01 09:00 | ok
2026-12-31 22:00 | 今年春节 | 2027-02-06 | ask_time
2026-12-31 22:00 | 下个月5号上午九点 | 2027-01-05 09:00 | ok
2027-01-31 09:00 | 下个月30号上午九点 | | invalid
2027-01-31 09:00 | 30号上午九点 | 2027-03-30 09:00 | ok
2027-01-31 09:00 | 一个月后上午九点 | 2027-02-28 09:00 | ok
2027-01-20 09:00 | 腊月二十三上午九点 | 2027-01-30 09:00 | ok
2027-01-31 09:00 | 腊月二十三上午九点 | 2028-01-19 09:00 | ok
2027-02-05 09:00 | 除夕下午三点 | 2027-02-05 15:00 | ok
2027-02-06 09:00 | 除夕下午三点 | 2028-01-25 15:00 | ok
2027-02-06 09:00 | 大年初五上午十点 | 2027-02-10 10:00 | ok
2027-02-06 09:00 | 今年元宵节晚上七点 | 2027-02-20 19:00 | ok
2028-02-01 09:00 | 2月29号上午九点 | 2028-02-29 09:00 | ok
2028-02-29 09:00 | 一年后上午九点 | 2029-02-28 09:00 | ok
2025-10-01 07:00 | 十一上午九点 | 2025-10-01 09:00 | ok
2036-12-31 09:00 | 腊八上午九点 | 2037-01-23 09:00 | ok
2040-01-01 09:00 | 春节上午九点 | | unclear
"""),
)
def test_what_is_meant_depends_on_when_it_is_said(now, phrase, expected, outcome):
    assert understood(phrase, moment(now)) == (expected, outcome)


def test_the_time_asked_for_belongs_to_the_day_already_known():
    day = date(2026, 12, 8)
    assert read_time("两点半", NOW, day, "afternoon").start == moment("2026-12-08 14:30")
    assert read_time("3", NOW, day, "afternoon").start == moment("2026-12-08 15:00")
    assert read_time("九点", NOW, day).start == moment("2026-12-08 09:00")
    assert read_time("三点", NOW, day).outcome == "ask_period"
    assert read_time("明天上午九点", NOW, day, "afternoon").start == moment("2026-11-24 09:00")
    assert read_time("15", NOW, day).start == moment("2026-12-08 15:00")
    assert read_time("不知道", NOW, day).outcome == "unclear"


def test_a_proposal_can_be_turned_to_the_other_half_of_the_day_or_to_a_named_part():
    proposal = read_moment("明天三点到五点", NOW)
    assert other_half(proposal, NOW).start == moment("2026-11-24 03:00")
    assert other_half(proposal, NOW).end == moment("2026-11-24 05:00")
    assert other_half(read_moment("今天三点", NOW), NOW).outcome == "past"
    assert in_part(proposal, "dawn", NOW).start == moment("2026-11-24 03:00")
    assert in_part(proposal, "afternoon", NOW).end == moment("2026-11-24 17:00")
    assert in_part(proposal, "dusk", NOW).outcome == "invalid"


def test_a_time_that_is_over_is_told_with_the_proposal_for_tomorrow():
    assert read_moment("下午2点", moment("2026-11-23 15:00")).missed == moment("2026-11-23 14:00")
    assert read_moment("今天上午九点", NOW).missed == moment("2026-11-23 09:00")


# Days alone


@pytest.mark.parametrize(
    ("said", "arrives", "leaves"),
    rows("""
10月20号 | 2026-10-20 ok | 2027-10-20 ok
10月20号到的 | 2026-10-20 ok | 2027-10-20 ok
我是10月20号来的 | 2026-10-20 ok | 2027-10-20 ok
10.20 | 2026-10-20 ok | 2027-10-20 ok
2026-10-20 | 2026-10-20 ok | past
去年10月20号 | 2025-10-20 confirm | past
5号到的 | 2026-11-05 ok | 2026-12-05 ok
28号 | 2026-11-28 ok | 2026-11-28 ok
12月1号到三亚 | 2026-12-01 ok | 2026-12-01 ok
周三到的 | 2026-11-18 ok | 2026-11-25 ok
昨天刚到 | 2026-11-22 ok | past
上个月5号 | 2026-10-05 ok | past
五天前 | 2026-11-18 ok | past
半个月前 | 2026-11-08 ok | past
今天 | 2026-11-23 ok | 2026-11-23 ok
国庆 | 2026-10-01 ok | 2027-10-01 ok
4月5日 | 2027-04-05 ok | 2027-04-05 ok
明年4月5号 | 2027-04-05 ok | 2027-04-05 ok
正月十六走 | 2027-02-21 ok | 2027-02-21 ok
清明 | 2027-04-05 ok | 2027-04-05 ok
10月 | 2026-10-01 confirm | 2027-10-31 confirm
十月中旬 | 2026-10-11 confirm | 2027-10-20 confirm
四月底 | 2027-04-26 confirm | 2027-04-30 confirm
明年四月 | 2027-04-01 confirm | 2027-04-30 confirm
下个月初 | 2026-12-01 confirm | 2026-12-05 confirm
三个月后 | 2027-02-23 ok | 2027-02-23 ok
两年后 | 2028-11-23 confirm | 2028-11-23 confirm
还没定 | unclear | unclear
过完年 | unclear | unclear
10月20号到4月5号 | unclear | unclear
2月30号 | invalid | invalid
下午三点 | unclear | unclear
"""),
)
def test_arriving_may_be_past_and_leaving_may_be_rough(said, arrives, leaves):
    def shown(reading):
        return f"{reading.day} {reading.outcome}" if reading.day else reading.outcome

    assert shown(read_date(said, NOW, past=True, rough="first")) == arrives
    assert shown(read_date(said, NOW, rough="last")) == leaves


def test_a_rough_stretch_is_not_a_day_unless_that_is_enough():
    assert read_date("四月底", NOW).outcome == "unclear"


# Whatever is said

WORDS = st.lists(
    st.sampled_from(
        """
        明天 后儿 今晚 昨天 周 星期 礼拜 下 下下 这 上 一 二 三 五 六 七 八 九 十 十二 二十三 三十 三十一 廿 初 1 3 5
        12 24 25 30 31 99 2026 年 月 日 号 天 点 时 分 半 刻 差 过 零 钟头 小时 个 后 前 到 - / . : 上午 下午 晚上 夜里
        中午 凌晨 早 晚 夜 正月 腊月 农历 闰 国庆 元旦 除夕 大年 小年 冬至 第二天 底 中旬 今年 明年 去年 的 吧 ， 不 几
        """.split()
    ),
    max_size=9,
).map("".join)
NOWS = st.integers(0, 365 * 12 * 24 * 60).map(
    lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@settings(max_examples=500, deadline=None)
@given(st.one_of(WORDS, st.text(max_size=30)), NOWS)
@example("2月29号", datetime(2028, 2, 29, tzinfo=UTC))
@example("31号", datetime(2027, 1, 30, tzinfo=UTC))
def test_nothing_said_breaks_the_reading_and_nothing_sure_is_past(text, now):
    reading = read_moment(text, now)
    if reading.outcome in ("ok", "confirm", "ask_period"):
        assert reading.start is not None
        assert reading.start > now
        assert reading.end is None or reading.start < reading.end <= reading.start + timedelta(days=42)
    elif reading.outcome == "ask_time":
        assert reading.day >= local_date(now)
    else:
        assert reading.start is None
        assert reading.day is None
    for day in (read_date(text, now), read_date(text, now, past=True, rough="first")):
        assert (day.day is not None) == (day.outcome in ("ok", "confirm"))
    read_time(text, now, local_date(now), "afternoon")


def test_a_book_is_turned_away_at_once():
    begun = stopwatch.process_time()
    assert read_moment("明天" * 2_500_000, NOW).outcome == "unclear"
    assert read_date("三" * 5_000_000, NOW).outcome == "unclear"
    assert stopwatch.process_time() - begun < 1


def test_the_longest_phrases_are_read_quickly():
    begun = stopwatch.process_time()
    for text in ("二十" * 60, "1-" * 60, "一个半" * 40, "差五" * 60, "下" * 120, "明天3点到" * 24):
        read_moment(text, NOW)
    assert stopwatch.process_time() - begun < 1


# What we print is understood

LATER = st.integers(1, 365 * 24 * 60 - 24 * 60).map(lambda minutes: timedelta(minutes=minutes))


def wide(text: str) -> str:
    return "".join(chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in text)


@settings(max_examples=300, deadline=None)
@given(NOWS, LATER)
def test_every_moment_we_say_reads_back_to_itself(now, later):
    when = (now + later).replace(second=0, microsecond=0)
    here = local(when)
    day, clock = here.date(), here.time()
    in_words = f"{spelled(here.month)}月{spelled(here.day)}日".replace("一十", "十") + texts.clock(when)
    for said in (
        say_moment(when, now),
        say_near(when, now),
        say_in_table(when),
        f"{day:%Y年%m月%d日}{clock:%H:%M}",
        f"{day:%Y/%m/%d} {clock:%H:%M}",
        f"{here.month}月{here.day}号{here.hour}:{clock:%M}",
        wide(f"{here.month}/{here.day} {clock:%H:%M}"),
        in_words,
        f"{day.year}年{in_words}",
    ):
        if (said.startswith(("今天", "明天", "后天"))) or day != local_date(now) or str(day.year) in said:
            assert (said, read_moment(said, now).start) == (said, when)


@settings(max_examples=200, deadline=None)
@given(NOWS, LATER, st.integers(1, 20 * 60))
def test_every_span_we_say_reads_back_to_itself(now, later, minutes):
    start = (now + later).replace(second=0, microsecond=0)
    end = start + timedelta(minutes=minutes)
    assume(local_date(start) != local_date(now))
    assume(local_date(end) < local_date(now).replace(day=28) + timedelta(days=360))
    reading = read_moment(say_span(start, end, now), now)
    assert (say_span(start, end, now), reading.start, reading.end) == (say_span(start, end, now), start, end)


@settings(max_examples=200, deadline=None)
@given(NOWS, st.integers(-170, 364))
def test_every_day_we_say_reads_back_to_itself(now, days):
    day = local_date(now) + timedelta(days=days)
    assume(day.year <= 2036)
    for said in (say_date(day, local_date(now)), str(day), f"{day:%Y%m%d}", f"{day.year}年{day.month}月{day.day}号"):
        assert (said, read_date(said, now, past=True).day) == (said, day)


@given(NOWS, st.integers(0, 6))
def test_weekdays_are_counted_from_monday(now, weekday):
    today = local_date(now)
    monday = today - timedelta(days=today.weekday())
    name = "一二三四五六日"[weekday]
    assert read_date(f"下周{name}", now).day == monday + timedelta(days=7 + weekday)
    assert read_date(f"下下个星期{name}", now).day == monday + timedelta(days=14 + weekday)
    assert read_date(f"这礼拜{name}", now, past=True).day == monday + timedelta(days=weekday)
    coming = read_date(f"周{name}", now).day
    assert coming.weekday() == weekday
    assert today <= coming < today + timedelta(days=7)


@given(st.dates(date(2025, 1, 1), date(2036, 12, 31)), st.times())
def test_people_read_the_form_agreed_on(day, clock):
    when = at(day, clock)
    assert say_moment(when).startswith(f"{day.month}月{day.day}日（周{'一二三四五六日'[day.weekday()]}）")
    assert say_in_table(when) == f"{day:%Y-%m-%d} {clock:%H:%M}"


def test_the_forms_in_which_moments_are_said():
    start = moment("2026-12-08 14:30")
    assert say_moment(start) == "12月8日（周二）下午2点30分"
    assert say_span(start, moment("2026-12-08 16:00")) == "12月8日（周二）下午2点30分到4点"
    assert say_span(moment("2026-12-08 10:00"), moment("2026-12-08 14:00")) == "12月8日（周二）上午10点到下午2点"
    assert say_span(start, None) == "12月8日（周二）下午2点30分"
    assert say_near(moment("2026-11-24 14:30"), NOW) == "明天下午2点30分"
    assert say_moment(moment("2027-10-08 09:00"), NOW) == "2027年10月8日（周五）上午9点"
    assert say_date(date(2026, 12, 8), date(2026, 11, 23)) == "12月8日（周二）"
    assert say_in_table(at(date(2026, 12, 8), time(14, 30))) == "2026-12-08 14:30"
