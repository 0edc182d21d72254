/* Where in the source something of the checked schema was declared. The schema itself knows no places:
 * emitters need none. NULL where the source holds nothing of that kind, as for the result of a command
 * without `->`.
 */
#ifndef PLACE_H
#define PLACE_H

#include "check.h"

/* The unit a package was checked in. */
unit *place_unit(const compile *c, const schema_package *package);
/* The declaration of a const, alias, struct, union, error, enum or service. */
const ast_node *place_symbol(unit *u, const char *name);
/* What declares a record: a struct, union, error or event; the method for parameters, result and progress. */
const ast_node *place_record(const unit *u, const schema_record *record);
/* Its members in the source: fields and `reserved`. */
const ast_list *place_members(const unit *u, const schema_record *record);
/* The member of a list called `name`. */
const ast_node *place_member(const ast_list *members, const char *name);
const ast_node *place_event(const unit *u, const schema_event *event);
/* The name of a subscription in the source, and its statement. */
const ast_path *place_subscription(unit *u, const schema_service *service, const schema_subscription *s,
                                   const ast_node **statement);
/* `package NAME;`, or the beginning of the file. */
span place_package(const unit *u);
/* Of a member's or declaration's name, or of all of it when it has none. */
span place_name(const ast_node *node);

#endif
