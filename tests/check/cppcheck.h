/* What cppcheck reads before every file of ours: the loops of jansson, whose headers it does not see. Used by lint.sh only. */
#define json_array_foreach(array, i, value) for (i = 0; (value = json_array_get(array, i)) != 0; i++)
#define json_object_foreach(object, key, value) \
	for (key = json_first_key(object); (value = json_object_get(object, key)) != 0; key = json_next_key(object, key))
#define json_object_foreach_safe(object, next, key, value) \
	for (next = 0, key = json_first_key(object); (value = json_object_get(object, key)) != 0; \
	     key = json_next_key(object, key))
#define ONESDN_VERSION "0"
#define ONESDN_PREFIX "/"
