/*
 * The grammar of an image reference, as the container runtimes read it (distribution/reference v0.6.0), with what we
 * ask beyond it marked "ours":
 *
 *   reference      = name [ ":" tag ] [ "@" digest ]
 *   name           = [ host [ ":" port ] "/" ] path        at most 255 characters in canonical form
 *   host           = label *( "." label ) / IPv4 / "[" IPv6 "]"
 *   label          = alnum [ *( alnum / "-" ) alnum ]       at most 63, the host at most 253 (RFC 1035; ours)
 *   port           = 1 to 65535, no leading zero (ours)
 *   path           = component *( "/" component )
 *   component      = word *( ( "." / "_" / "__" / 1*"-" ) word )
 *   word           = 1*( lower-case letter / digit )
 *   tag            = ( alnum / "_" ) *127( alnum / "_" / "." / "-" )
 *   digest         = "sha256:" 64 lower-case hex digits (ours: the one algorithm that we verify end to end)
 *
 * Every expression below is anchored and reads each character a bounded number of times; the length of the whole text
 * is checked before the first of them runs.
 */

/** Longest text that is looked at, in UTF-16 units; only ASCII passes, so bytes as well. */
export const MAX_TEXT = 1024;

/** Longest `host/path`: OCI distribution-spec, "Pulling manifests", the limit that clients impose. */
export const MAX_NAME = 255;

/** RFC 1035 §2.3.4. */
export const MAX_HOST = 253;
export const MAX_LABEL = 63;

export const LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
export const PORT = /^[1-9][0-9]{0,4}$/;
export const IPV4 = /^(?:0|[1-9][0-9]{0,2})(?:\.(?:0|[1-9][0-9]{0,2})){3}$/;
export const IPV6 = /^[0-9a-f:]{2,39}$/;
export const PATH_COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
export const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** A name that the runtimes read as the id of a local image, never as something to pull. */
export const IMAGE_ID = /^(?:sha256:)?[0-9a-f]{64}$/;

/** The first character of a name that no name can have. */
export const FOREIGN_CHARACTER = /[^A-Za-z0-9._:/[\]-]/;

/** WHATWG URL, "ends in a number checker": such a host is read as an IPv4 address, in octal and hex too. */
export const NUMERIC_LABEL = /^(?:[0-9]+|0x[0-9a-f]*)$/;
