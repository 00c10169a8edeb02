/* err: filling a struct err, and the end of the program on a broken invariant. Used by every other file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/base.h"

static void (*abort_hook)(void);

/* Into a text of its own: `text` may come from err itself. What is quoted may be anybody's bytes. */
static void put(struct err *err, enum err_code code, char *text)
{
	struct str safe = {0};
	text_trim(text); /* the cut at ERR_TEXT_MAX */
	for (size_t len; *text; text += len + (text[len] != '\0')) {
		len = strcspn(text, "\n\t");
		str_append_safe(&safe, text, len);
		if (text[len])
			str_append_c(&safe, text[len]);
	}
	err->code = code;
	snprintf(err->text, sizeof err->text, "%s", str_text(&safe));
	text_trim(err->text);
	str_finish(&safe);
}

bool err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	if (!err)
		return false;
	char text[ERR_TEXT_MAX];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	put(err, code, text);
	return false;
}

static enum err_code code_of(int errnum)
{
	static const struct {
		int errnum;
		enum err_code code;
	} codes[] = {
	        {ENOENT, ERR_NOT_FOUND},       {ENOTDIR, ERR_NOT_FOUND},
	        {ESRCH, ERR_NOT_FOUND},        {EACCES, ERR_DENIED},
	        {EPERM, ERR_DENIED},           {EROFS, ERR_DENIED},
	        {EEXIST, ERR_CONFLICT},        {ECONNREFUSED, ERR_UNAVAILABLE},
	        {ECONNRESET, ERR_UNAVAILABLE}, {EPIPE, ERR_UNAVAILABLE},
	        {ETIMEDOUT, ERR_TIMEOUT},      {EMFILE, ERR_LIMIT},
	        {ENFILE, ERR_LIMIT},           {ENOSPC, ERR_LIMIT},
	        {EDQUOT, ERR_LIMIT},
	};
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		if (codes[i].errnum == errnum)
			return codes[i].code;
	}
	return ERR_SYSTEM;
}

bool err_errno(struct err *err, int errnum, const char *fmt, ...)
{
	if (!err)
		return false;
	char text[ERR_TEXT_MAX], reason[128], whole[ERR_TEXT_MAX + sizeof reason];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	snprintf(whole, sizeof whole, "%s: %s", text, strerror_r(errnum, reason, sizeof reason));
	put(err, code_of(errnum), whole);
	return false;
}

bool err_context(struct err *err, const char *fmt, ...)
{
	if (!err)
		return false;
	char text[ERR_TEXT_MAX], whole[2 * ERR_TEXT_MAX + 2];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	snprintf(whole, sizeof whole, "%s: %s", text, err->text);
	put(err, err->code, whole);
	return false;
}

void base_set_abort_hook(void (*hook)(void))
{
	abort_hook = hook;
}

void base_abort(const char *fmt, ...)
{
	void (*hook)(void) = abort_hook;
	abort_hook = NULL; /* a hook that aborts must not come back here */
	if (hook)
		hook();
	va_list args;
	va_start(args, fmt);
	fputs("onesdn: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	abort();
}
