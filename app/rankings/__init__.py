"""Units among their like (赛马比拼): by completion, increment, growth and pace."""
