/* The client side: calling, commanding, publishing. The typed names (`shop_orders_create_order`,
 * `shop_order_created_publish`) are generated; these are the parts they share. */
#ifndef AEGIS_CLIENT_H
#define AEGIS_CLIENT_H

#include <aegis/service.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Calls rpc methods and submits commands. Any thread; free it before its bus is closed. */
typedef struct aegis_client aegis_client;

/** All optional: zero means the default. Strings are copied. */
typedef struct aegis_client_options {
    const char *source;          /**< instance id sent with each message; default the bus's name and 8 hex digits */
    aegis_format format;         /**< default: the bus's */
} aegis_client_options;

AEGIS_API aegis_status aegis_client_new(aegis_bus *bus, const aegis_client_options *options, aegis_client **client,
                                        aegis_error *error);
AEGIS_API void aegis_client_free(aegis_client *client);

/** Of one call; all optional. */
typedef struct aegis_call_options {
    aegis_duration timeout;      /**< default: the method's from the IDL. Never longer than the parent's remainder */
    const aegis_call *parent;    /**< the call being handled, whose deadline and trace are inherited */
} aegis_call_options;

/** Publishes events, each stored by the server before the publish function returns. Any thread. */
typedef struct aegis_publisher aegis_publisher;

AEGIS_API aegis_status aegis_publisher_new(aegis_bus *bus, const aegis_client_options *options,
                                           aegis_publisher **publisher, aegis_error *error);
AEGIS_API void aegis_publisher_free(aegis_publisher *publisher);

/** Of one publication; all optional. */
typedef struct aegis_publish_options {
    aegis_duration timeout;      /**< for the acknowledgement; default 5 s */
    const char *message_id;      /**< a uuid's text; a second publication with the same one inside the stream's
                                      duplicate window is dropped. Default: a new one */
    const aegis_call *parent;    /**< whose trace is inherited */
} aegis_publish_options;

typedef enum aegis_priority {
    AEGIS_PRIORITY_DEFAULT = 0,  /**< as the IDL says */
    AEGIS_PRIORITY_LOW = 1,
    AEGIS_PRIORITY_NORMAL = 2,
    AEGIS_PRIORITY_HIGH = 3,
    AEGIS_PRIORITY_CRITICAL = 4
} aegis_priority;

/** Of one command; all optional. */
typedef struct aegis_command_options {
    aegis_duration timeout;      /**< for the whole command; default: the IDL's */
    aegis_priority priority;
    aegis_duration submit_timeout; /**< for the stream to accept it; default 5 s */
    const aegis_call *parent;
} aegis_command_options;

/** A submitted command: its id and its open ends for progress and result. One thread at a time. Free it with
 *  aegis_command_free, which does not stop the command. */
typedef struct aegis_command aegis_command;

/** The command's id (a uuid's text), as logs and tools show it. Lives as long as the handle. */
AEGIS_API const char *aegis_command_id(const aegis_command *command);
/** Ask the worker to stop. It sees it at its next progress report. OK means the request was sent. */
AEGIS_API aegis_status aegis_command_cancel(aegis_command *command, aegis_error *error);
AEGIS_API void aegis_command_free(aegis_command *command);

#ifdef __cplusplus
}
#endif

#endif
