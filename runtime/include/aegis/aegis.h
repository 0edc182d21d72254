/* Aegis: typed microservices over NATS in plain C. Generated headers include this one. */
#ifndef AEGIS_AEGIS_H
#define AEGIS_AEGIS_H

#include <aegis/base.h>
#include <aegis/bus.h>
#include <aegis/service.h>
#include <aegis/client.h>
#include <aegis/metrics.h>
#include <aegis/trace.h>

#endif
