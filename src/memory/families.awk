# Makes one string of the texts beside: for each `family` line its names, its classes, llama.cpp's names, its sources and its
# text, each ended by a zero, as a table of pointers would take the page more room than the pointers' own. With bare=1 the texts
# are without what stands before them and three of four spaces of indentation.
function quoted(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    return "    \"" text
}
function words(line) {
    sub(/^[a-z]+ +/, "", line)
    return line
}
function finish() {
    if (count)
        printf "%s\\0\"\n%s\\0\"\n%s\\0\"\n%s\\0\"\n%s    \"\\0\"\n", quoted(names), quoted(classes), quoted(gguf), quoted(source), text
}
BEGIN {
    print "#include \"memory/families.h\"\n\nconst char hu_family_texts[] ="
}
/^family / {
    finish()
    count++
    names = classes = gguf = source = text = ""
}
bare && /^    / {
    sub(/^        /, "  ")
    sub(/^    /, " ")
}
count && !(bare && /^(family|class|gguf|source) /) {
    text = text quoted($0 "") "\\n\"\n"
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
    printf "    \"\";\nstruct hu_family_text hu_family_rows[%d];\nconst size_t hu_family_row_count = %d;\n", count, count
}
