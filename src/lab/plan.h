/* plan: what must change so that a database's tables hold the desired rows. Pure; ovn.c and ovs.c apply the result.
 *
 * A desired row names its table and its key and the columns that we own; other columns are left alone. Values are in
 * OVSDB's notation, with one addition: ["ref", TABLE, KEY] stands for the uuid of another row, there or desired.
 */
#ifndef LAB_PLAN_H
#define LAB_PLAN_H

#include "onesdn/base.h"

struct plan_table {
	const char *name;       /* NULL ends the list */
	const char *key_column; /* "name"; the row's key is this column */
	const char *key_entry;  /* or, when not NULL, this entry of that map column */
	bool is_root;           /* rows that nothing refers to stay: they must be deleted by name */
	const char *
	        shared_columns; /* map columns (blank-separated) of which only the entries that are given are compared and
	                                set, for others write there too */
	const char
	        *child_columns; /* set columns (blank-separated) that hold exactly the rows added by plan_add_child */
};
struct plan_row {
	char *table, *key;
	json_t *columns;
	char *parent_table, *parent_key, *parent_column; /* NULL: no parent */
};
struct plan_rows {
	VEC(struct plan_row) items;
};
struct plan_parent {
	const char *table, *key, *column;
};
/* `columns` is taken. The child's row is put into its parent's set; without the parent it is not there either. */
void plan_add(struct plan_rows *rows, const char *table, const char *key, json_t *columns);
void plan_add_child(struct plan_rows *rows, const struct plan_parent *parent, const char *table, const char *key,
                    json_t *columns);
json_t *plan_ref(const char *table, const char *key); /* new reference */
void plan_rows_finish(struct plan_rows *rows);

/* The operations of one transaction (without the database's name): inserts, updates, deletes of rows of root tables that
 * are not desired. The desired rows come in several lists, one an owner. Empty: nothing to do. New reference. A
 * reference to a row that is neither there nor desired is left out (the row that it waits for will come). */
json_t *plan_operations(const struct plan_table *tables, const struct plan_rows *const *desired, size_t n_desired,
                        const json_t *replica);

#endif
