# Makes the table of powers.h: the leading 128 bits of 10^e, rounded down, for e from -342 to 347. Whole numbers are
# in pieces of 24 bits, x[1] the least, of which awk's doubles hold every product with 10.
function times(factor,    i, carry) {
    for (i = 1; i <= n || carry; i++) {
        carry += (i <= n ? x[i] : 0) * factor
        x[i] = carry % piece
        carry = int(carry / piece)
    }
    n = i - 1 > n ? i - 1 : n
}
# Floors: (2^S / 10) / 10 is 2^S / 100, whatever both leave over.
function divide(    i, rest) {
    for (i = n; i; i--) {
        rest = rest * piece + x[i]
        x[i] = int(rest / 10)
        rest %= 10
    }
    n -= !x[n]
}
# The 128 bits at and below the leading one.
function row(    i, shift, digits) {
    for (shift = 1; x[n] * shift < piece / 2; shift *= 2)
        ;
    for (i = n; i > n - 6; i--)
        digits = digits sprintf("%06x", x[i] * shift % piece + int(x[i - 1] * shift / piece))
    return "    {0x" substr(digits, 1, 16) ", 0x" substr(digits, 17, 16) "},\n"
}
BEGIN {
    piece = 16777216
    x[n = 60] = 1
    for (e = -1; e >= -342; e--) {
        divide()
        table = row() table
    }
    x[n = 1] = 1
    for (e = 0; e <= 347; e++) {
        table = table row()
        times(10)
    }
    printf "#include \"powers.h\"\n\nconst struct hu_power hu_powers[HU_POWER_MAX - HU_POWER_MIN + 1] = {\n%s};\n", table
}
