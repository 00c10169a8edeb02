/* turtles_text: what the turtles' REST API reads and writes, as text. Pure. Shapes and sentences are those of
 * rust-turtle-viewer, which is what people have met in the talk.
 */
#ifndef WORKLOAD_TURTLES_TEXT_H
#define WORKLOAD_TURTLES_TEXT_H

#include "onesdn/base.h"

struct turtle { /* as a client sends it */
	char *name, *email, *weapon;
};
void turtle_finish(struct turtle *turtle);
/* False and what is wrong, in the original's words, when the body is not an object with the three texts. */
bool turtle_parse(const char *body, size_t size, struct turtle *out, struct str *why);
/* The number after /turtles/. */
bool turtle_id(const char *text, int64_t *id, struct str *why);
/* "2026-11-23T06:25:47.123000" as PostgreSQL formats it to "2026-11-23T06:25:47.123": no fraction, three digits or six. */
void turtle_time(const char *text, char *out, size_t size);
/* A row as JSON: {"user_id", "name", "email", "weapon", "created_on"}; created_on may be NULL. New reference, or NULL if a
 * value is no UTF-8. */
json_t *turtle_row(const char *id, const char *name, const char *email, const char *weapon, const char *created_on);

#endif
