# Makes the table of families of the texts beside: a row for each `family` line. With bare=1 the texts are without
# what the table has beside them and three of four spaces of indentation, which the page has no room for.
function quoted(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    return "\"" text "\""
}
function words(line) {
    sub(/^[a-z]+ +/, "", line)
    return line
}
function finish() {
    if (count)
        printf "     %s, %s, %s, %s,\n%s     %d},\n", quoted(names), quoted(classes), quoted(gguf), quoted(source), substr(text, 1, length(text) - 1) ",\n", bytes
}
BEGIN {
    print "#include \"memory/families.h\"\n\nconst struct hu_family_text hu_family_texts[] = {"
}
/^family / {
    finish()
    print "    {"
    count++
    names = classes = gguf = source = text = ""
    bytes = 0
}
bare && /^    / {
    sub(/^        /, "  ")
    sub(/^    /, " ")
}
count && !(bare && /^(class|gguf|source) /) {
    text = text "     " quoted($0 "") "\n"
    sub(/"\n$/, "\\n\"\n", text)
    bytes += length($0) + 1
}
count && /^(family|class|gguf|source) / {
    sub(/ *#.*/, "")
}
/^family / { names = words($0) }
/^class / { classes = classes (classes ? " " : "") words($0) }
/^gguf / { gguf = gguf (gguf ? " " : "") words($0) }
/^source / { source = source (source ? " " : "") words($0) }
END {
    finish()
    print "};\n\nconst size_t hu_family_text_count = sizeof hu_family_texts / sizeof *hu_family_texts;"
}
