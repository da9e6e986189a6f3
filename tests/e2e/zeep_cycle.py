#!/usr/bin/python3
"""One computer through a whole cycle, by a SOAP library that reads the WSDL files.

usage: zeep_cycle.py URL DIRECTORY-OF-WSDL 11|12 CLIENT-ID GROUP [HARDWARE-ID COMPUTER-ID]

Prints "key value" lines; any deviation ends it with an exception.
"""
import base64
import datetime
import hashlib
import re
import sys
import urllib.request
import uuid

from zeep import Client
from zeep.exceptions import Fault
from zeep.helpers import serialize_object

url, wsdl, version, client_id, group = sys.argv[1:6]
device, computer = sys.argv[6:] or ("PCI\\VEN_8086", None)
variant = "Soap12" if version == "12" else "Soap"
now = datetime.datetime.now(datetime.timezone.utc)
base = "http://www.microsoft.com/SoftwareDistribution"


def service(file, binding, path):
    return Client("%s/%s.wsdl" % (wsdl, file)).create_service("{%s%s%s" % (base, binding, variant), url + path)


def items(value, name):
    return (getattr(value, name) if value is not None else None) or []


def fault_of(call, **arguments):
    try:
        call(**arguments)
    except Fault as fault:
        return {re.sub(".*}", "", e.tag): e.text for e in fault.detail}
    raise AssertionError("no fault")


client = service("variants/Client.soap12-complete", "/Server/ClientWebService}Client", "/ClientWebService/client.asmx")
auth = service("SimpleAuth", "/Server/SimpleAuthWebService}SimpleAuth", "/SimpleAuthWebService/SimpleAuth.asmx")
reporting = service("ReportingWebService", "}WebService", "/ReportingWebService/ReportingWebService.asmx")

config = client.GetConfig("2.90")
properties = [(p.Name, p.Value) for p in config.Properties.ConfigurationProperty]
assert [name for name, _ in properties] == ["MaxExtendedUpdatesPerRequest", "PackageServerShare", "ProtocolVersion", "IsInventoryRequired", "ClientReportingLevel"]
assert config.IsRegistrationRequired and config.AllowedEventIds is None
authorization = auth.GetAuthorizationCookie(clientId=client_id, targetGroupName=group, dnsName=client_id + ".example")
cookie = client.GetCookie(authCookies={"AuthorizationCookie": [serialize_object(authorization)]}, lastChange=config.LastChange, currentTime=now, protocolVersion="2.90")
client.RegisterComputer(cookie=serialize_object(cookie), computerInfo=dict(
    DnsName=client_id + ".example", OSMajorVersion=10, OSMinorVersion=0, OSBuildNumber=26200, OSServicePackMajorNumber=0, OSServicePackMinorNumber=0, OSLocale="en-US",
    BiosReleaseDate=now, ProcessorArchitecture="AMD64", SuiteMask=256, OldProductType=1, NewProductType=48, SystemMetrics=0, ClientVersionMajorNumber=1507,
    ClientVersionMinorNumber=2601, ClientVersionBuildNumber=30012, ClientVersionQfeNumber=0, OSDescription="Windows 10 Pro"))

installed, other, known = [], [], {}


def sync(**more):
    global cookie
    answer = client.SyncUpdates(cookie=serialize_object(cookie), parameters=dict(
        ExpressQuery=False, InstalledNonLeafUpdateIDs={"int": installed} if installed else None, NeedTwoGroupOutOfScopeUpdates=True, **more))
    assert answer.NewCookie.Expiration == cookie.Expiration
    cookie = answer.NewCookie
    return answer


def scan():
    rounds = 0
    while True:
        rounds += 1
        answer = sync(OtherCachedUpdateIDs={"int": other} if other else None, SkipSoftwareSync=False)
        assert not items(answer.OutOfScopeRevisionIDs, "int")
        new = items(answer.NewUpdates, "UpdateInfo")
        for update in new:
            assert update.ID not in known and update.Deployment is not None and "UpdateIdentity" in update.Xml
            known[update.ID] = update
            (other if update.IsLeaf else installed).append(update.ID)
        if not answer.Truncated and all(update.IsLeaf for update in new):
            return rounds


print("rounds", scan())
before = len(known)
assert scan() == 1 and len(known) == before
print("updates", before)
drivers = sync(SystemSpec={"Device": [{"HardwareIDs": {"string": [device]}}]}, SkipSoftwareSync=True,
               ComputerSpec={"HardwareIDs": {"guid": [computer]}} if computer else {}, FeatureScoreMatchingKey="AMD64.10.0")
if computer:
    (driver,) = items(drivers.NewUpdates, "UpdateInfo")
    assert drivers.DriverSyncNotNeeded == "false" and driver.ID not in known
    assert [x.lower() for x in driver.Deployment.HardwareIds.string] == [device.lower()]
    assert 'UpdateType="Driver"' in driver.Xml and "<d.WindowsDriverMetaData />" in driver.Xml
    known[driver.ID] = driver
    print("driver", driver.ID)
else:
    assert drivers.NewUpdates is None and drivers.DriverSyncNotNeeded == "true"

wanted = [i for i, update in known.items() if update.Deployment.Action in ("Install", "Bundle")]
print("install", sum(update.Deployment.Action == "Install" for update in known.values()))
fragments, locations = {}, {}
for start in range(0, len(wanted), 50):
    info = client.GetExtendedUpdateInfo(cookie=serialize_object(cookie), revisionIDs={"int": wanted[start:start + 50]}, infoTypes={"XmlUpdateFragmentType": ["Extended", "LocalizedProperties"]}, locales={"string": ["en-US", "en"]})
    assert not items(info.OutOfScopeRevisionIDs, "int")
    for update in items(info.Updates, "Update"):
        fragments.setdefault(update.ID, []).append(update.Xml)
    for location in items(info.FileLocations, "FileLocation"):
        locations[location.FileDigest] = location.Url
# Parts of bundles need no title; nothing comes in two languages.
titles = {i: sum("<LocalizedProperties" in x for x in fragments[i]) for i in wanted}
assert all(titles[i] == 1 or (titles[i] == 0 and known[i].Deployment.Action == "Bundle") for i in wanted)
assert all(sum("<ExtendedProperties" in x for x in fragments[i]) == 1 for i in wanted)
print("fragments", sum(len(x) for x in fragments.values()))

# Every file that an update names is there, and is what both digests say.
files = {}
for text in [x for i in wanted for x in fragments[i]]:
    for tag, inside in re.findall(r"<File ([^>]*[^/])>(.*?)</File>", text, re.S):
        files[base64.b64decode(re.search(r'(?<!\w)Digest="([^"]*)"', tag)[1])] = (
            int(re.search(r'Size="(\d+)"', tag)[1]), re.search(r'Algorithm="SHA256"[^>]*>([^<]+)<', inside)[1])
assert set(files) == set(locations), (len(files), len(locations))
for digest, (size, sha256) in files.items():
    hexadecimal = digest.hex().upper()
    assert "/Content/%s/%s" % (hexadecimal[-2:], hexadecimal) in locations[digest]
    content = bytearray(size)
    for first in sorted(range(0, size, 1 << 16), reverse=True):
        last = min(first + (1 << 16), size) - 1
        with urllib.request.urlopen(urllib.request.Request(locations[digest], headers={"Range": "bytes=%d-%d" % (first, last)})) as answer:
            assert answer.status == 206 and answer.headers["Content-Range"] == "bytes %d-%d/%d" % (first, last, size)
            content[first:last + 1] = answer.read()
    assert hashlib.sha1(content).digest() == digest and base64.b64encode(hashlib.sha256(content).digest()).decode() == sha256
print("files", len(files))

again = client.GetFileLocations(cookie=serialize_object(cookie), fileDigests={"base64Binary": list(locations)})
assert {x.FileDigest: x.Url for x in again.FileLocations.FileLocation} == locations and again.NewCookie is not None
identities = []
for i in wanted:
    xml = known[i].Xml
    identities.append(dict(UpdateID=re.search(r'UpdateID="([^"]+)"', xml)[1], RevisionNumber=int(re.search(r'RevisionNumber="(\d+)"', xml)[1])))
cached = client.RefreshCache(cookie=serialize_object(cookie), globalIDs={"UpdateIdentity": identities})
assert sorted(x.RevisionID for x in cached) == sorted(wanted)
second = client.GetExtendedUpdateInfo2(cookie=serialize_object(cookie), updateIDs={"UpdateIdentity": identities[:50]}, infoTypes={"XmlUpdateFragmentType": ["FileUrl"]}, locales={"string": ["en-US"]})
assert items(second.FileLocations, "FileLocation")


def event(number, result, update):
    return dict(
        BasicData=dict(TargetID={"Sid": client_id}, SequenceNumber=0, TimeAtTarget=now, EventInstanceID=str(uuid.uuid4()), NamespaceID=1, EventID=number, SourceID=101, UpdateID=update, Win32HResult=result, AppName="zeep"),
        ExtendedData=dict(ReplacementStrings={"string": ["title"]}, MiscData={"string": ["U=" + identities[0]["UpdateID"]]}, ProcessorArchitecture="Amd64Compatible", OSVersion=dict(Major=10, Minor=0, Build=26200, Revision=1, ServicePackMajor=0, ServicePackMinor=0), OSLocaleID=1033, DeviceID=""),
        PrivateData=dict(ComputerDnsName="", UserAccountName=""))


nothing = dict(UpdateID="00000000-0000-0000-0000-000000000000", RevisionNumber=0)
assert reporting.ReportEventBatch(cookie=serialize_object(cookie), clientTime=now, eventBatch={"ReportingEvent": [event(147, 0, nothing), event(156, 0, nothing), event(182, -2145124329, identities[0])]}) is True

told = fault_of(client.SyncUpdates, cookie={"Expiration": now, "EncryptedData": b"garbage"}, parameters=dict(ExpressQuery=False, SkipSoftwareSync=False))
assert told["ErrorCode"] == "InvalidCookie" and told["ID"] and told["Method"].startswith('"http://'), told
told = fault_of(client.SyncUpdates, cookie=serialize_object(cookie), parameters=dict(ExpressQuery=False, InstalledNonLeafUpdateIDs={"int": list(range(1, 402))}, SkipSoftwareSync=False))
assert (told["ErrorCode"], told["Message"]) == ("InvalidParameters", "parameters.InstalledNonLeafUpdateIDs"), told
print("done", version)
