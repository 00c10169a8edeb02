# Our own Markdown (headings, paragraphs, tables, lists, code) into man(7), for pages whose text is a document in docs/.
# usage: awk -v first=2 -f md2man.awk FILE: headings of that level become sections, deeper ones subsections.
function roff(text) { # as it stands
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	if (text ~ /^[.']/) text = "\\&" text
	return text
}
function words(text,   out, part, n, i) { # with `code`, **strong** and [links](to)
	gsub(/\\\|/, "|", text)
	while (match(text, /\[[^]]*\]\([^)]*\)/)) {
		part = substr(text, RSTART, RLENGTH)
		sub(/^\[/, "", part)
		sub(/\]\(.*/, "", part)
		text = substr(text, 1, RSTART - 1) part substr(text, RSTART + RLENGTH)
	}
	gsub(/\*\*/, "", text)
	n = split(text, part_of, "`")
	out = ""
	for (i = 1; i <= n; i++) {
		part = part_of[i]
		gsub(/\\/, "\\e", part)
		if (i % 2 == 0) { gsub(/-/, "\\-", part); out = out "\\fB" part "\\fR" }
		else out = out part
	}
	if (out ~ /^[.']/) out = "\\&" out
	return out
}
function flush_block() { if (in_block) print ".fi\n.RE"; in_block = 0 }
function open_block() { print (after_heading ? "" : ".PP\n") ".RS 4\n.nf"; in_block = 1; after_heading = 0 }
BEGIN { if (!first) first = 2; after_heading = 1 }
/^```/ {
	if (fenced) { flush_block(); fenced = 0 } else { open_block(); fenced = 1 }
	is_par = 0
	next
}
fenced { print roff($0); next }
/^    / && !is_list { if (!in_block) open_block(); print roff(substr($0, 5)); is_par = 0; next }
in_block && /^$/ { flush_block(); next }
{ flush_block() }
/^#+ / {
	level = length($1)
	text = substr($0, level + 2)
	if (level < first) { skipped = text; next }
	if (level == first) print ".SH " toupper(words(text))
	else print ".SS " words(text)
	is_par = is_list = in_table = 0
	after_heading = 1
	next
}
/^\|/ {
	line = $0
	gsub(/\\\|/, "\001", line)
	sub(/^\| */, "", line)
	sub(/ *\|$/, "", line)
	n = split(line, cell, / *\| */)
	for (i = 1; i <= n; i++) gsub("\001", "|", cell[i])
	if (!in_table) { in_table = 1; next } # its head
	if (line ~ /^[-| ]*$/) next
	print ".TP\n" words(cell[1])
	body = words(cell[n])
	if (n == 3 && cell[2] != "") body = "(" words(cell[2]) ") " body
	for (i = 2; n > 3 && i < n; i++) body = words(cell[i]) "; " body
	print body == "" ? "\\&" : body
	after_heading = is_par = 0
	next
}
{ in_table = 0 }
/^- / { print ".IP \\(bu 2\n" words(substr($0, 3)); is_list = 1; after_heading = 0; next }
/^$/ { is_par = is_list = 0; next }
{
	sub(/^ +/, "")
	if (!is_par && !is_list && !after_heading) print ".PP"
	is_par = 1
	after_heading = 0
	print words($0)
}
END { flush_block() }
