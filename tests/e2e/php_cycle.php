#!/usr/bin/php
<?php
// One computer through a whole cycle, by the SOAP extension of PHP, which decodes answers by the
// types of the WSDL files.
//
// usage: php_cycle.php URL CLIENT.WSDL DIRECTORY-OF-WSDL 11|12 CLIENT-ID GROUP ANSWERS [HARDWARE-ID COMPUTER-ID]
//
// Every answer is kept as a file in the directory ANSWERS.  Prints "key value" lines; any deviation ends it with an exception.
declare(strict_types=1);
set_error_handler(fn($number, $text, $file, $line) => throw new ErrorException($text, 0, $number, $file, $line));
ini_set('default_socket_timeout', '60');
[, $url, $description, $directory, $version, $id, $group, $answers] = $argv;
[$device, $kind] = count($argv) > 9 ? [$argv[8], $argv[9]] : ['PCI\\VEN_8086', null];
$now = gmdate('Y-m-d\TH:i:s\Z');

function check(bool $good, mixed ...$seen): void
{
	if (!$good)
		throw new Exception('not as it should be: ' . json_encode($seen));
}

class Service extends SoapClient
{
	public function __construct(string $file, string $path)
	{
		global $url, $version;
		parent::__construct($file, ['location' => $url . $path, 'soap_version' => $version === '12' ? SOAP_1_2 : SOAP_1_1,
			'cache_wsdl' => WSDL_CACHE_NONE, 'features' => SOAP_SINGLE_ELEMENT_ARRAYS]);
	}

	public function __doRequest(string $request, string $location, string $action, int $version, bool $oneWay = false): ?string
	{
		global $answers;
		static $count = 0;
		$answer = parent::__doRequest($request, $location, $action, $version, $oneWay);
		file_put_contents(sprintf('%s/%03d.xml', $answers, ++$count), $answer);
		return $answer;
	}
}

// The items of a list that may be absent or empty.
function items(mixed $list): array
{
	$members = $list === null ? [] : get_object_vars($list);
	check(count($members) <= 1, $members);
	return $members ? reset($members) : [];
}

// ErrorCode and Message of the fault that a call brings.
function fault(Service $service, string $operation, array $parameters): array
{
	global $version;
	try {
		$service->$operation($parameters);
	} catch (SoapFault $f) {
		check(str_ends_with($f->faultcode, $version === '12' ? ':Sender' : ':Client') && $f->getMessage() === 'Fault occurred', $f->faultcode, $f->getMessage());
		check($f->detail->ID !== '' && str_starts_with($f->detail->Method, '"http://'), $f->detail);
		return [$f->detail->ErrorCode, $f->detail->Message];
	}
	throw new Exception("no fault of $operation");
}

$client = new Service($description, '/ClientWebService/client.asmx');
$auth = new Service("$directory/SimpleAuth.wsdl", '/SimpleAuthWebService/SimpleAuth.asmx');
$reporting = new Service("$directory/ReportingWebService.wsdl", '/ReportingWebService/ReportingWebService.asmx');

$config = $client->GetConfig(['protocolVersion' => '2.90'])->GetConfigResult;
check($config->IsRegistrationRequired === true && count(items($config->Properties)) === 5, $config);
check(items($config->AuthInfo)[0]->PlugInID === 'SimpleTargeting', $config->AuthInfo);
$authorization = $auth->GetAuthorizationCookie(['clientId' => $id, 'targetGroupName' => $group, 'dnsName' => "$id.example"])->GetAuthorizationCookieResult;
$cookie = $client->GetCookie(['authCookies' => ['AuthorizationCookie' => [$authorization]], 'oldCookie' => ['Expiration' => $now],
	'lastChange' => $config->LastChange, 'currentTime' => $now, 'protocolVersion' => '2.90'])->GetCookieResult;
$registered = $client->RegisterComputer(['cookie' => $cookie, 'computerInfo' => [
	'DnsName' => "$id.example", 'OSMajorVersion' => 10, 'OSMinorVersion' => 0, 'OSBuildNumber' => 26200, 'OSServicePackMajorNumber' => 0,
	'OSServicePackMinorNumber' => 0, 'OSLocale' => 'en-US', 'BiosReleaseDate' => $now, 'ProcessorArchitecture' => 'AMD64', 'SuiteMask' => 256,
	'OldProductType' => 1, 'NewProductType' => 48, 'SystemMetrics' => 0, 'ClientVersionMajorNumber' => 1507, 'ClientVersionMinorNumber' => 2601,
	'ClientVersionBuildNumber' => 30012, 'ClientVersionQfeNumber' => 0, 'OSDescription' => 'Windows 10 Pro']]);
check(get_object_vars($registered) === [], $registered);
$categories = $client->StartCategoryScan(['requestedCategories' => ['CategoryRelationship' => [['IndexOfAndGroup' => 0, 'CategoryId' => '00000000-0000-4000-8000-000000000001']]]]);
check(items($categories->preferredCategoryIds) === [] && count(items($categories->requestedCategoryIdsInError)) === 1, $categories);

$installed = $other = $known = [];

function sync(array $more): object
{
	global $client, $cookie, $installed;
	$answer = $client->SyncUpdates(['cookie' => $cookie, 'parameters' => $more + ['ExpressQuery' => false, 'NeedTwoGroupOutOfScopeUpdates' => true,
		'InstalledNonLeafUpdateIDs' => ['int' => $installed]]])->SyncUpdatesResult;
	check($answer->NewCookie->Expiration === $cookie->Expiration, $answer->NewCookie);
	$cookie = $answer->NewCookie;
	return $answer;
}

function scan(): int
{
	global $installed, $other, $known;
	for ($rounds = 1;; $rounds++) {
		$answer = sync(['OtherCachedUpdateIDs' => ['int' => $other], 'SkipSoftwareSync' => false]);
		check(!isset($answer->OutOfScopeRevisionIDs) && is_bool($answer->Truncated), $answer);
		$more = $answer->Truncated;
		foreach (items($answer->NewUpdates ?? null) as $update) {
			check(is_int($update->ID) && !isset($known[$update->ID]) && is_int($update->Deployment->ID) && is_bool($update->Deployment->IsAssigned), $update);
			check(str_contains($update->Xml, '<UpdateIdentity '), $update);
			$known[$update->ID] = $update;
			if ($update->IsLeaf) {
				$other[] = $update->ID;
			} else {
				$installed[] = $update->ID;
				$more = true;
			}
		}
		if (!$more)
			return $rounds;
	}
}

echo 'rounds ', scan(), "\n";
$before = count($known);
check(scan() === 1 && count($known) === $before, $before, count($known));
echo "updates $before\n";
$drivers = sync(['SkipSoftwareSync' => true, 'SystemSpec' => ['Device' => [['HardwareIDs' => ['string' => [$device]]]]],
	'ComputerSpec' => $kind ? ['HardwareIDs' => ['guid' => [$kind]]] : [], 'FeatureScoreMatchingKey' => 'AMD64.10.0']);
if ($kind) {
	$found = items($drivers->NewUpdates);
	check(count($found) === 1 && strcasecmp(items($found[0]->Deployment->HardwareIds)[0], $device) === 0 && $drivers->DriverSyncNotNeeded === 'false', $drivers);
	$known[$found[0]->ID] = $found[0];
	echo "driver {$found[0]->ID}\n";
} else {
	check(!isset($drivers->NewUpdates) && $drivers->DriverSyncNotNeeded === 'true', $drivers);
}

$wanted = array_keys(array_filter($known, fn($update) => in_array($update->Deployment->Action, ['Install', 'Bundle'], true)));
$fragments = $locations = [];
foreach (array_chunk($wanted, 50) as $some) {
	$info = $client->GetExtendedUpdateInfo(['cookie' => $cookie, 'revisionIDs' => ['int' => $some],
		'infoTypes' => ['XmlUpdateFragmentType' => ['Extended', 'LocalizedProperties']], 'locales' => ['string' => ['en-US', 'en']]])->GetExtendedUpdateInfoResult;
	check(!isset($info->OutOfScopeRevisionIDs), $info);
	foreach (items($info->Updates) as $update)
		$fragments[$update->ID][] = $update->Xml;
	foreach (items($info->FileLocations) as $location)
		$locations[$location->FileDigest] = $location->Url;
}
check(count($fragments) === count($wanted), $wanted);
echo 'fragments ', array_sum(array_map('count', $fragments)), "\n";

// Every file that an update names is there, and is what both digests say.
$files = [];
preg_match_all('|<File ([^>]*[^/])>(.*?)</File>|s', implode(array_merge(...array_values($fragments))), $found, PREG_SET_ORDER);
foreach ($found as [, $tag, $inside]) {
	check(preg_match('/(?<!\w)Digest="([^"]*)"/', $tag, $digest) && preg_match('/Size="(\d+)"/', $tag, $size) && preg_match('/Algorithm="SHA256"[^>]*>([^<]+)</', $inside, $sha256), $tag);
	$files[base64_decode($digest[1])] = [(int)$size[1], base64_decode($sha256[1])];
}
check(count($files) === count($locations), count($files), count($locations));
foreach ($files as $digest => [$size, $sha256]) {
	$content = '';
	for ($first = 0; $first < $size; $first = $last + 1) {
		$last = min($first + (1 << 20), $size) - 1;
		$content .= file_get_contents($locations[$digest], false, stream_context_create(['http' => ['header' => "Range: bytes=$first-$last\r\n"]]));
		check(str_contains($http_response_header[0], ' 206 ') && in_array("Content-Range: bytes $first-$last/$size", $http_response_header, true), $http_response_header);
	}
	check(sha1($content, true) === $digest && hash('sha256', $content, true) === $sha256, bin2hex($digest));
}
echo 'files ', count($files), "\n";

$again = $client->GetFileLocations(['cookie' => $cookie, 'fileDigests' => ['base64Binary' => array_map('strval', array_keys($locations))]])->GetFileLocationsResult;
check(count(items($again->FileLocations)) === count($locations) && $again->NewCookie->EncryptedData !== '', $again->NewCookie);
$identities = [];
foreach ($wanted as $revision) {
	preg_match('/UpdateID="([^"]+)"/', $known[$revision]->Xml, $update);
	preg_match('/RevisionNumber="(\d+)"/', $known[$revision]->Xml, $number);
	$identities[] = ['UpdateID' => $update[1], 'RevisionNumber' => (int)$number[1]];
}
$cached = $client->RefreshCache(['cookie' => $cookie, 'globalIDs' => ['UpdateIdentity' => $identities]])->RefreshCacheResult;
check(array_map(fn($one) => $one->RevisionID, items($cached)) === $wanted, $cached);
$second = $client->GetExtendedUpdateInfo2(['cookie' => $cookie, 'updateIDs' => ['UpdateIdentity' => array_slice($identities, 0, 50)],
	'infoTypes' => ['XmlUpdateFragmentType' => ['FileUrl']], 'locales' => ['string' => ['en-US']]])->GetExtendedUpdateInfo2Result;
check(items($second->FileLocations) !== [] && items($second->Updates) === [], $second);

function event(int $number, int $result, array $update): array
{
	global $id, $now;
	static $count = 0;
	return [
		'BasicData' => ['TargetID' => ['Sid' => $id], 'SequenceNumber' => 0, 'TimeAtTarget' => $now, 'NamespaceID' => 1, 'EventID' => $number, 'SourceID' => 101,
			'EventInstanceID' => sprintf('%08x-0000-4000-8000-%012x', crc32($id), ++$count), 'UpdateID' => $update, 'Win32HResult' => $result, 'AppName' => 'php'],
		'ExtendedData' => ['ReplacementStrings' => ['string' => ['title']], 'MiscData' => ['string' => []], 'ProcessorArchitecture' => 'Amd64Compatible',
			'OSVersion' => ['Major' => 10, 'Minor' => 0, 'Build' => 26200, 'Revision' => 1, 'ServicePackMajor' => 0, 'ServicePackMinor' => 0], 'OSLocaleID' => 1033, 'DeviceID' => ''],
		'PrivateData' => ['ComputerDnsName' => '', 'UserAccountName' => '']];
}

$nothing = ['UpdateID' => '00000000-0000-0000-0000-000000000000', 'RevisionNumber' => 0];
$batch = ['ReportingEvent' => [event(147, 0, $nothing), event(156, 0, $nothing), event(182, -2145124329, $identities[0])]];
check($reporting->ReportEventBatch(['cookie' => $cookie, 'clientTime' => $now, 'eventBatch' => $batch])->ReportEventBatchResult === true);
check($reporting->ReportEventBatch2(['computerId' => $id, 'clientTime' => $now, 'eventBatch' => $batch])->ReportEventBatch2Result === true);

$told = fault($client, 'SyncUpdates', ['cookie' => ['Expiration' => $now, 'EncryptedData' => 'garbage'], 'parameters' => ['ExpressQuery' => false, 'SkipSoftwareSync' => false]]);
check($told[0] === 'InvalidCookie', $told);
$told = fault($client, 'SyncUpdates', ['cookie' => $cookie, 'parameters' => ['ExpressQuery' => false, 'InstalledNonLeafUpdateIDs' => ['int' => range(1, 401)], 'SkipSoftwareSync' => false]]);
check($told === ['InvalidParameters', 'parameters.InstalledNonLeafUpdateIDs'], $told);
echo "done $version\n";
