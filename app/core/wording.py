"""What the schemas find wrong, in words of both languages: cause and what to give instead."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

OWN = "Value error, "
BOTH = re.compile(r"(.*[^\x00-\x7f].*?) \(([^\u4e00-\u9fff]+)\)", re.DOTALL)
# The field or parameter that a sentence begins with.
NAMED = re.compile(r"[\w.*\[\]-]+: ", re.ASCII)
# What a field is called in a language.
Called = Callable[[str, str], str]
NUMBER, DAY, INSTANT = (
    "应为数字",
    "应为日期，例如 2024-05-31",
    "应为时刻，例如 2024-05-31T08:00:00Z",
)
# By kind of error; what stands in braces comes from the schema.
WORDS = {
    "missing": "请填写",
    "extra_forbidden": "没有这一项：请核对名称或删去",
    "string_type": "应为文字",
    "string_too_short": "至少 {min_length} 个字",
    "string_too_long": "最多 {max_length} 个字",
    "string_pattern_mismatch": "格式不对",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数",
    "int_parsing_size": "数字过大",
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "finite_number": NUMBER,
    "decimal_type": NUMBER,
    "decimal_parsing": NUMBER,
    "decimal_max_digits": "最多 {max_digits} 位数字",
    "decimal_max_places": "最多 {decimal_places} 位小数",
    "decimal_whole_digits": "整数部分最多 {whole_digits} 位",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "date_type": DAY,
    "date_parsing": DAY,
    "date_from_datetime_parsing": DAY,
    "date_from_datetime_inexact": DAY,
    "datetime_type": INSTANT,
    "datetime_parsing": INSTANT,
    "datetime_from_date_parsing": INSTANT,
    "timezone_aware": "时刻须带时区，例如 2024-05-31T08:00:00Z",
    "greater_than_equal": "不得小于 {ge}",
    "less_than_equal": "不得大于 {le}",
    "greater_than": "应大于 {gt}",
    "less_than": "应小于 {lt}",
    "literal_error": "应为 {expected}",
    "enum": "应为 {expected}",
    "list_type": "应为列表",
    "dict_type": "应为对象",
    "model_type": "应为对象",
    "model_attributes_type": "应为对象",
    "too_short": "至少 {min_length} 项",
    "too_long": "最多 {max_length} 项",
    "json_invalid": "不是有效的 JSON",
}


def apart(sentence: str) -> tuple[str, str]:
    """A sentence of both languages, “中文 (English)”, as two."""
    found = BOTH.fullmatch(sentence)
    return (sentence, sentence) if found is None else (found[1], found[2])


def in_language(sentence: str, locale: str, label: Called = lambda code, _locale: code) -> str:
    """What of a sentence is in the reader's language; a field named before a part by its label."""
    told = [_part(part, locale, label) for part in sentence.split("；")]
    return ("；" if locale == "zh" else "; ").join(told)


def _part(part: str, locale: str, label: Called) -> str:
    named = NAMED.match(part)
    head = "" if named is None else named[0]
    zh, en = apart(part.removeprefix(head))
    called = f"{label(head[:-2], locale)}: " if head else ""
    return called + (zh if locale == "zh" else en)


def said(error: ErrorDetails) -> str:
    """One error as a sentence: our own checks speak for themselves."""
    message = error["msg"]
    if message.startswith(OWN):
        return message.removeprefix(OWN)
    words = WORDS.get(error["type"])
    if words is None:
        return message
    context: dict[str, Any] = error.get("ctx") or {}
    return f"{words.format_map(context).replace(' or ', ' 或 ')} ({message})"


def named(body: Any, locale: str) -> str:
    """What a body is called: by its English name, where it has one, for those who read English."""
    row = isinstance(body, Mapping)
    zh, en = (body["name"], body["name_en"]) if row else (body.name, body.name_en)
    name: str = zh if locale == "zh" else en or zh
    return name
