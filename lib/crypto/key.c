#include "lib/crypto/key.h"

#include "lib/base/buf.h"
#include "lib/crypto/key_internal.h"
#include "lib/crypto/openssl.h"
#include "lib/crypto/token.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

struct key {
	EVP_PKEY *pkey;
	struct token *token; /* then pkey is the public half */
};

/* 116852518574970678768723524720871463551 is the UUID of key.h (X.667: no registration needed). */
#define ROLE_ARC "2.25.116852518574970678768723524720871463551."

static const struct {
	const char *name, *oid;
} roles[KEY_ROLES_] = {
	[KEY_ROLE_NONE] = { "none", NULL },
	[KEY_ROLE_BUILDER] = { "builder", ROLE_ARC "1" },
	[KEY_ROLE_APPROVER] = { "approver", ROLE_ARC "2" },
	[KEY_ROLE_ROOT] = { "root", ROLE_ARC "3" },
	[KEY_ROLE_IMPORTER] = { "importer", ROLE_ARC "4" },
};

const char *key_role_name(enum key_role role)
{
	return roles[role < KEY_ROLES_ ? role : KEY_ROLE_NONE].name;
}

const char *key_role_oid(enum key_role role)
{
	return role < KEY_ROLES_ ? roles[role].oid : NULL;
}

enum key_role key_role_parse(const char *text, size_t len)
{
	for (unsigned r = KEY_ROLE_BUILDER; r < KEY_ROLES_; r++)
		if (strlen(roles[r].name) == len && memcmp(roles[r].name, text, len) == 0)
			return (enum key_role)r;
	return KEY_ROLE_NONE;
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool key_holder_is_valid(const char *text, size_t len)
{
	if (len == 0 || len >= KEY_HOLDER_SIZE || !is_alnum(text[0]))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_alnum(text[i]) && text[i] != '.' && text[i] != '_' && text[i] != '-')
			return false;
	return true;
}

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool key_holder_is_same(const char *a, const char *b)
{
	while (*a && fold(*a) == fold(*b)) {
		a++;
		b++;
	}
	return *a == *b;
}

bool key_algorithm_is_allowed(EVP_PKEY *pkey, enum key_algorithm *algorithm)
{
	char group[32];
	size_t len;

	if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA) {
		*algorithm = KEY_ALGORITHM_RSA;
		return EVP_PKEY_get_bits(pkey) >= 3072 && EVP_PKEY_get_bits(pkey) <= 8192;
	}
	*algorithm = KEY_ALGORITHM_P384;
	return EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC &&
	       EVP_PKEY_get_group_name(pkey, group, sizeof group, &len) == 1 &&
	       strcmp(group, SN_secp384r1) == 0;
}

int key_append_bio(BIO *bio, struct buf *out, struct error *err)
{
	char *bytes = NULL;
	long len = BIO_get_mem_data(bio, &bytes);

	return buf_append(out, bytes, len > 0 ? (size_t)len : 0, err);
}

/* Given to OpenSSL so that it never prompts on the terminal. */
struct passphrase {
	const char *text;
	bool asked;
};

static int give_passphrase(char *out, int size, int writing, void *ctx)
{
	struct passphrase *p = ctx;
	size_t len = p->text ? strlen(p->text) : 0;

	(void)writing;
	p->asked = true;
	if (size <= 0 || len == 0 || len > (size_t)size)
		return -1;
	memcpy(out, p->text, len);
	return (int)len;
}

static int key_load_failed(const struct passphrase *p, struct error *err)
{
	if (!p->asked)
		return openssl_fail(err, ERROR_KEY_FORMAT, "private key: not a PEM private key");
	ERR_clear_error();
	if (!p->text || !*p->text)
		return error_set(err, ERROR_KEY_PASSPHRASE,
				 "private key: it is encrypted and no passphrase was given");
	return error_set(err, ERROR_KEY_PASSPHRASE, "private key: the passphrase does not open it");
}

struct key *key_load(const unsigned char *pem, size_t len, const char *passphrase,
		     struct error *err)
{
	struct passphrase p = { .text = passphrase };
	enum key_algorithm algorithm;

	openssl_start();
	if (len > KEY_PEM_BYTES) {
		error_set(err, ERROR_KEY_FORMAT, "private key: %zu bytes, at most %d", len,
			  KEY_PEM_BYTES);
		return NULL;
	}
	CLEANUP(BIO_free) BIO *bio = BIO_new_mem_buf(pem, (int)len);
	CLEANUP(EVP_PKEY_free)
	EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &p) : NULL;

	if (!pkey) {
		key_load_failed(&p, err);
		return NULL;
	}
	ERR_clear_error();
	if (!key_algorithm_is_allowed(pkey, &algorithm)) {
		error_set(err, ERROR_KEY_ALGORITHM,
			  "private key: neither ECDSA P-384 nor RSA of 3072 to 8192 bits");
		return NULL;
	}
	struct key *k = buf_calloc(1, sizeof *k);

	k->pkey = STEAL(pkey);
	return k;
}

bool key_is_uri(const char *text)
{
	return strncmp(text, "pkcs11:", 7) == 0;
}

struct key *key_open(const char *uri, struct error *err)
{
	enum key_algorithm algorithm;

	openssl_start();
	CLEANUP(token_close) struct token *token = token_open(uri, err);
	CLEANUP(EVP_PKEY_free) EVP_PKEY *pkey = token ? token_public(token, err) : NULL;

	if (!pkey)
		return NULL;
	if (!key_algorithm_is_allowed(pkey, &algorithm)) {
		error_set(err, ERROR_KEY_ALGORITHM,
			  "key in a token: neither ECDSA P-384 nor RSA of 3072 to 8192 bits");
		return NULL;
	}
	struct key *k = buf_malloc(sizeof *k);

	k->pkey = STEAL(pkey);
	k->token = STEAL(token);
	return k;
}

void key_free(struct key *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->pkey);
	token_close(k->token);
	free(k);
}

EVP_PKEY *key_handle(const struct key *k)
{
	return k->pkey;
}

struct token *key_token(const struct key *k)
{
	return k->token;
}

bool key_matches(const struct key *k, const struct key_cert *c)
{
	bool same = X509_check_private_key(key_cert_handle(c), k->pkey) == 1;

	ERR_clear_error();
	return same;
}
