#!/usr/bin/python3
"""Are these SOAP answers what the schemas of the WSDL files say?

usage: soap_valid.py DIRECTORY-OF-WSDL ANSWER...

Prints how many are, and of which elements; the first that is not ends it with an exception.
"""
import collections
import sys

from lxml import etree

XS = "{http://www.w3.org/2001/XMLSchema}"
VERSIONS = {
    "http://schemas.xmlsoap.org/soap/envelope/": ["faultcode", "faultstring", "detail"],
    "http://www.w3.org/2003/05/soap-envelope": ["Code", "Reason", "Detail"],
}
FAULTS = ("InvalidCookie ServerChanged CookieExpired ConfigChanged RegistrationRequired RegistrationNotRequired InvalidAuthorizationCookie"
          " InvalidParameters InternalServerError ServerBusy FileLocationChanged").split()


def schemas(path):
    """By namespace: its schema with the others of the file, which it imports without saying from where."""
    parts = {s.get("targetNamespace"): s for s in etree.parse(path).iter(XS + "schema")}

    class Others(etree.Resolver):
        def resolve(self, url, _, context):
            return self.resolve_string(etree.tostring(parts[url[6:]]), context) if url.startswith("wsdl:/") else None

    parser = etree.XMLParser()
    parser.resolvers.add(Others())
    for part in parts.values():
        for other in part.iter(XS + "import"):
            other.set("schemaLocation", "wsdl:/" + other.get("namespace"))
    return {name: etree.XMLSchema(etree.fromstring(etree.tostring(part), parser)) for name, part in parts.items()}


def check_fault(fault, uri):
    assert fault.tag == "{%s}Fault" % uri, fault.tag
    assert [etree.QName(e).localname for e in fault] == VERSIONS[uri], etree.tostring(fault)
    told = {e.tag: e.text for e in fault[2]}
    assert list(told) == ["ErrorCode", "Message", "ID", "Method"], told
    assert told["ErrorCode"] in FAULTS and told["Method"][0] == told["Method"][-1] == '"', told


known = {}
for file in ("variants/Client.soap12-complete", "SimpleAuth", "ReportingWebService"):
    known.update(schemas("%s/%s.wsdl" % (sys.argv[1], file)))
seen = collections.Counter()
for path in sys.argv[2:]:
    envelope = etree.parse(path).getroot()
    uri = etree.QName(envelope).namespace
    assert uri in VERSIONS and envelope.tag == "{%s}Envelope" % uri and [e.tag for e in envelope] == ["{%s}Body" % uri], path
    (answer,) = envelope[0]
    name = etree.QName(answer)
    if name.namespace == uri:
        check_fault(answer, uri)
    else:
        known[name.namespace].assertValid(etree.fromstring(etree.tostring(answer)))
    seen[name.localname] += 1
print("valid", sum(seen.values()), " ".join(sorted(seen)))
