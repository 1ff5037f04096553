/* How C and the page's script name each other's functions. */
#pragma once

#define EXPORT(name) __attribute__((export_name(#name))) name
#define IMPORT(name) __attribute__((import_module("page"), import_name(name)))
