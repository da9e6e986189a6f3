#!/usr/bin/python3
"""Fragments that a server makes of complete documents, against what the documents say.

usage: derived.py URL METADATA.TXT

The rules are written down here once more, on trees instead of a stream.  Prints how many fragments
of each kind were compared; any deviation ends it with an exception.
"""
import re
import sys
import urllib.request
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

url, metadata = sys.argv[1:]
CLIENT = "http://www.microsoft.com/SoftwareDistribution/Server/ClientWebService"
MSUS = "http://schemas.microsoft.com/msus/2002/12/"
PREFIXES = {MSUS + "BaseApplicabilityRules": "b.", MSUS + "MsiApplicabilityRules": "m.", MSUS + "UpdateHandlers/WindowsDriver": "d."}
CORE = {"UpdateType", "ExplicitlyDeployable", "AutoSelectOnWebSites", "OSUpgrade", "EulaID"}
NOT_EXTENDED = CORE | {"PublicationState", "PublisherID", "CreationDate", "IsPublic", "LegacyName", "DetectoidType", "PerUser"}


def local(name):
    return name.rsplit("}", 1)[-1]


def plain(element):
    """Tag, attributes, text and children as clients want them."""
    space = element.tag[1:].split("}")[0] if element.tag[0] == "{" else ""
    return (PREFIXES.get(space, "") + local(element.tag), {local(k): v for k, v in element.attrib.items()},
            (element.text or "").strip(), [plain(child) for child in element])


def child(document, name):
    return [plain(x) for x in document if local(x.tag) == name]


def core(document):
    out = child(document, "UpdateIdentity")
    for name, attributes, _, _ in child(document, "Properties"):
        out.append((name, {k: v for k, v in attributes.items() if k in CORE and v != "false"}, "", []))
    for tree in child(document, "Relationships") + child(document, "ApplicabilityRules"):
        out.append(without_devices(tree))
    return out


def without_devices(tree):
    name, attributes, text, children = tree
    if name == "d.WindowsDriverMetaData":
        return (name, {}, "", [])
    return (name, attributes, text, [without_devices(x) for x in children])


def extended(document):
    out = []
    for _, attributes, text, children in child(document, "Properties"):
        out.append(("ExtendedProperties", {k: v for k, v in attributes.items() if k not in NOT_EXTENDED}, text, children))
    return out + child(document, "Files") + child(document, "HandlerSpecificData")


def localized(document, language):
    return [plain(x) for x in document.iter() if local(x.tag) == "LocalizedProperties" and any(local(y.tag) == "Language" and y.text == language for y in x)]


def eula(document):
    return [plain(x) for x in document.iter() if local(x.tag) == "EulaFile" and x.get("Language") == "en"]


def ask(operation, body):
    envelope = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><%s xmlns="%s">%s</%s></s:Body></s:Envelope>' % (operation, CLIENT, body, operation)
    request = urllib.request.Request(url + "/ClientWebService/client.asmx", envelope.encode(), {"Content-Type": "text/xml; charset=utf-8"})
    with urllib.request.urlopen(request) as answer:
        return ET.fromstring(answer.read())


def named(tree, name):
    return [x for x in tree.iter() if local(x.tag) == name]


documents = {}
for text in re.findall(r"<upd:Update .*?</upd:Update>", open(metadata, encoding="utf-8-sig", newline="").read(), re.S):
    document = ET.fromstring(text)
    identity = next(x for x in document if local(x.tag) == "UpdateIdentity")
    documents[identity.get("UpdateID").lower()] = document

cookie = named(ask("GetCookie", "<protocolVersion>2.90</protocolVersion>"), "EncryptedData")[0].text
cookie = "<cookie><EncryptedData>%s</EncryptedData></cookie>" % cookie
ids = "".join("<UpdateIdentity><UpdateID>%s</UpdateID><RevisionNumber>%s</RevisionNumber></UpdateIdentity>" % (
    guid, next(x for x in d if local(x.tag) == "UpdateIdentity").get("RevisionNumber")) for guid, d in documents.items())
revisions = {}
for result in named(ask("RefreshCache", cookie + "<globalIDs>%s</globalIDs>" % ids), "RefreshCacheResult"):
    if named(result, "RevisionID") and len(named(result, "GlobalID")) == 1:
        revisions[named(result, "RevisionID")[0].text] = named(result, "UpdateID")[0].text.lower()

counts = {}


def compare(kind, want_of, locales):
    wanted = {r: want_of(documents[g]) for r, g in revisions.items()}
    have = {}
    todo = list(revisions)
    for start in range(0, len(todo), 50):
        answer = ask("GetExtendedUpdateInfo", cookie + "<revisionIDs>%s</revisionIDs><infoTypes><XmlUpdateFragmentType>%s</XmlUpdateFragmentType></infoTypes><locales>%s</locales>" % (
            "".join("<int>%s</int>" % x for x in todo[start:start + 50]), kind, "".join("<string>%s</string>" % escape(x) for x in locales)))
        assert not named(answer, "OutOfScopeRevisionIDs")
        for update in named(answer, "Update"):
            text = named(update, "Xml")[0].text
            assert "xmlns" not in text and not re.search(r"</?\w+:", text), text
            have.setdefault(named(update, "ID")[0].text, []).extend(plain(x) for x in ET.fromstring("<x>%s</x>" % text))
    for revision, want in wanted.items():
        assert have.get(revision, []) == want, (kind, revision, have.get(revision), want)
    counts[kind] = counts.get(kind, 0) + len(have)


compare("Core", core, [])
compare("Extended", extended, [])
compare("LocalizedProperties", lambda d: localized(d, "de") + localized(d, "en"), ["de-AT"])
compare("LocalizedProperties", lambda d: localized(d, "en"), ["fr"])
compare("Eula", eula, ["en-US"])
print(" ".join("%s %d" % item for item in counts.items()))
