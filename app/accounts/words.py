"""Sentences of sign-in, Chinese and English, for pages and the command line."""

PASSWORD_FAULTS = {
    "short": ("密码至少 10 位：请加长", "Use at least 10 characters"),
    "long": ("密码最多 128 位：请缩短", "Use at most 128 characters"),
    "unprintable": ("密码含有不可见字符：请去掉", "It has invisible characters: remove them"),
    "personal": (
        "密码不能包含用户名或姓名：请换一个",
        "It must not contain your name or user name",
    ),
    "common": (
        "密码太容易被猜到（常见密码、键盘顺序、重复或日期）：请换一个，例如几个不相干的词",
        "Too easily guessed: choose another, for example a few unrelated words",
    ),
    "breached": (
        "密码出现在已泄露的密码清单中：请换一个",
        "It is in a list of breached passwords: choose another",
    ),
    "different": ("两次输入的密码不一致：请重新输入", "The two entries differ: type them again"),
    "same": ("新密码与当前密码相同：请换一个", "The same as the current one: choose another"),
    "wrong": ("当前密码不正确：请核对", "The current password is not right"),
}
PROBLEMS = {
    "sign_in": (
        "用户名或密码不正确，或账号暂时不可用：请核对后再试",
        "User name or password wrong, or the account cannot be used now: check and try again",
    ),
    "second_factor": (
        "验证码不正确、已使用或已失效：请等待下一个验证码后再试",
        "The code is wrong, used or outdated: wait for the next one and try again",
    ),
    "link": (
        "链接无效、已使用或已过期：请向管理员索取新的链接",
        "The link is invalid, used or expired: ask an administrator for a new one",
    ),
    "provider_down": (
        "统一身份认证暂时无法使用：请稍后再试，或用密码登录",
        "The identity provider cannot be reached: try later, or sign in with a password",
    ),
    "provider_refused": (
        "统一身份认证没有完成：请重新登录",
        "Sign-in at the identity provider was not completed: start again",
    ),
    "provider_stranger": (
        "这个身份不能登录本系统：请联系管理员",
        "This identity cannot sign in here: ask an administrator",
    ),
}
