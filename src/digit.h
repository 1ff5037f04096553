#pragma once

/* The value of a hexadecimal digit; -1: C is none. */
static inline int hu_digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
