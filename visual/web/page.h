/* How C and the page's script name each other's functions. */
#ifndef VISUAL_PAGE_H
#define VISUAL_PAGE_H

#define EXPORT(name) __attribute__((export_name(#name))) name
#define IMPORT(name) __attribute__((import_module("page"), import_name(name)))

#endif
