"""States, outcomes and acts of cases in words, Chinese and English."""

STATES = {
    "open": ("待受理", "open"),
    "accepted": ("已受理", "accepted"),
    "in_progress": ("办理中", "in progress"),
    "done": ("已办结", "done"),
    "not_possible": ("无法办理", "not possible"),
    "not_reachable": ("联系不上", "not reachable"),
    "declined": ("企业谢绝", "declined"),
}
ENTRIES = {
    "opened": ("发起", "opened"),
    "accepted": ("受理", "accepted"),
    "started": ("开始办理", "started"),
    "handed_back": ("退回", "handed back"),
    "assigned": ("派给", "assigned"),
    "due": ("改期", "due date moved"),
    "note": ("记录", "note"),
    "file": ("文件", "file"),
    "closed": ("办结", "closed"),
}
KINDS = {
    "technology": ("技术", "technology"),
    "talent": ("人才", "talent"),
    "finance": ("资金", "finance"),
    "ip": ("知识产权", "IP"),
    "data": ("数据", "data"),
    "guidance": ("申报辅导", "application guidance"),
}
# What the shipped holidays are called; what people record is said as they wrote it.
HOLIDAYS = {
    "New Year's Day": ("元旦", "New Year's Day"),
    "Spring Festival": ("春节", "Spring Festival"),
    "Tomb-sweeping Day": ("清明", "Tomb-sweeping Day"),
    "Labour Day": ("劳动节", "Labour Day"),
    "Dragon Boat Festival": ("端午", "Dragon Boat Festival"),
    "National Day": ("国庆节", "National Day"),
    "Mid-autumn Festival": ("中秋", "Mid-autumn Festival"),
}
LEVELS = {
    "officer": ("经办人", "officer"),
    "lead": ("承办单位", "department"),
    "leader": ("分管领导", "leaders"),
}
