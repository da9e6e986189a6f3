#include "tests/tools/names.h"

#include "lib/base/str.h"

#include <string.h>

struct category {
	enum model_category kind;
	const char *name;
	const char *id; /* NULL: made up from the index */
};

/* Any prefix of at least six rows is a usable catalog. */
static const struct category table[] = {
	{ MODEL_COMPANY, "Microsoft", "56309036-4c77-4dd9-951a-99ee9c246a94" },
	{ MODEL_CLASSIFICATION, "Security Updates", "0fa1201d-4330-4fa8-8ae9-b877473b6441" },
	{ MODEL_CLASSIFICATION, "Updates", "cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83" },
	{ MODEL_FAMILY, "Windows", "6964aab4-c5b5-43bd-a17d-ffb4346a8e1d" },
	{ MODEL_PRODUCT, "Windows Server 2022", NULL },
	{ MODEL_PRODUCT, "Windows 11", "72e7624a-5b00-45d2-b92f-e561c0a6a160" },
	{ MODEL_PRODUCT, "Windows 10", NULL },
	{ MODEL_CLASSIFICATION, "Critical Updates", "e6cf1350-c01b-414d-a61f-263d14d133b4" },
	{ MODEL_CLASSIFICATION, "Update Rollups", "28bc880e-0592-4cbf-8f95-c79b17911d5f" },
	{ MODEL_PRODUCT, "Windows Server 2019", NULL },
	{ MODEL_CLASSIFICATION, "Service Packs", "68c5b0a3-d1a6-4553-ae49-01d3a7827828" },
	{ MODEL_FAMILY, "Office", NULL },
	{ MODEL_PRODUCT, "Office 2016", NULL },
	{ MODEL_PRODUCT, "Office 2013", NULL },
	{ MODEL_FAMILY, "SQL Server", NULL },
	{ MODEL_PRODUCT, "Microsoft SQL Server 2019", NULL },
	{ MODEL_PRODUCT, "Microsoft SQL Server 2017", NULL },
	{ MODEL_FAMILY, "Exchange", NULL },
	{ MODEL_PRODUCT, "Exchange Server 2019", NULL },
	{ MODEL_FAMILY, "Developer Tools, Runtimes & Redistributables", NULL },
	{ MODEL_PRODUCT, "Visual Studio 2015", NULL },
	{ MODEL_PRODUCT, "Visual Studio 2010", NULL },
	{ MODEL_FAMILY, "Silverlight", NULL },
	{ MODEL_PRODUCT, "Silverlight 5", NULL },
};

enum { ROWS = sizeof table / sizeof *table };

enum model_category names_category_kind(size_t index)
{
	return index < ROWS ? table[index].kind : MODEL_PRODUCT;
}

const char *names_category(size_t index)
{
	static const char *const more[] = {
		"Windows 7",        "Windows 8.1",          "Windows Server 2016",
		"Windows Vista",    "Windows Server 2012",  "Windows Server 2008 R2",
		"Windows RT 8.1",   "Windows XP",           "Windows Server 2003",
		"Windows 2000",     "Windows Embedded",     "Windows Defender",
		"Forefront",        "System Center 2012",   "Skype for Business",
		"SharePoint 2019",  "SharePoint 2016",      "Windows Server 2012 R2",
		"Windows 10, 1809", "Microsoft Edge (x64)",
	};

	return index < ROWS ? table[index].name
			    : more[(index - ROWS) % (sizeof more / sizeof *more)];
}

void names_category_id(size_t index, unsigned char id[16])
{
	struct random r;

	/* The real ids are the same in every catalog, so the made-up ones are too. */
	random_init(&r, 0x63617465676f7279u, index);
	random_guid(&r, id);
	if (index < ROWS && table[index].id)
		(void)str_to_guid(table[index].id, STR_GUID_SIZE - 1, id); /* our own literal */
}

uint32_t names_family_of(size_t product)
{
	uint32_t family = 3;

	for (uint32_t i = 3; i < product && i < ROWS && product < ROWS; i++)
		if (table[i].kind == MODEL_FAMILY)
			family = i;
	return family;
}

static uint32_t pick(size_t categories, enum model_category kind, uint64_t dice)
{
	uint32_t found = 0, count = 0;

	for (uint32_t i = 0; i < categories; i++)
		count += names_category_kind(i) == kind;
	uint64_t wanted = dice % count;

	for (uint32_t i = 0; i < categories; i++)
		if (names_category_kind(i) == kind && wanted-- == 0)
			found = i;
	return found;
}

void names_pick_categories(size_t categories, uint64_t dice, uint32_t category[4])
{
	category[MODEL_CLASSIFICATION] = pick(categories, MODEL_CLASSIFICATION, dice & 0xffff);
	category[MODEL_PRODUCT] = pick(categories, MODEL_PRODUCT, dice >> 16);
	category[MODEL_FAMILY] = names_family_of(category[MODEL_PRODUCT]);
}
