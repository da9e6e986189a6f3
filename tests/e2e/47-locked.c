/*
 * A PKCS#11 module for 47-pkcs11.sh: SoftHSM, but its tokens say what STATE says: "locked" in their
 * flags, "final" one try left, "login" locked when somebody logs in.  SoftHSM never locks anything.
 */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdlib.h>
#include <string.h>

static CK_FUNCTION_LIST list, *real;

static int is(const char *what)
{
	const char *state = getenv("STATE");

	return state && strcmp(state, what) == 0;
}

static CK_RV token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	CK_RV rv = real->C_GetTokenInfo(slot, info);

	if (rv == CKR_OK && is("locked"))
		info->flags |= CKF_USER_PIN_LOCKED;
	if (rv == CKR_OK && is("final"))
		info->flags |= CKF_USER_PIN_FINAL_TRY;
	return rv;
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, unsigned char *pin, CK_ULONG len)
{
	return is("login") ? CKR_PIN_LOCKED : real->C_Login(session, user, pin, len);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **out)
{
	void *module = dlopen(getenv("SOFTHSM"), RTLD_NOW);
	CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;

	if (module)
		*(void **)&get = dlsym(module, "C_GetFunctionList");
	if (!get || get(&real) != CKR_OK)
		return CKR_GENERAL_ERROR;
	list = *real;
	list.C_GetTokenInfo = token_info;
	list.C_Login = login;
	*out = &list;
	return CKR_OK;
}
