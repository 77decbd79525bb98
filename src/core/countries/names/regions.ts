/** A part of the world as newsrooms name it. */
export interface Region {
  readonly name: string;
  readonly aliases: readonly string[];
  /** ISO 3166-1 alpha-2 codes, sorted. */
  readonly countries: readonly string[];
}

const codes = (text: string): readonly string[] => text.split(' ');

/*
 * The UN's M49, but what newsrooms mean where the two differ: Cyprus is in Europe, and Antarctica has the uninhabited
 * islands of the south. A country at the border of two regions of one continent is in both (Malawi: East and Southern
 * Africa).
 */
const northAfrica = codes('DZ EG EH LY MA SD TN');
const westAfrica = codes('BF BJ CI CV GH GM GN GW LR ML MR NE NG SH SL SN TG');
const eastAfrica = codes('BI DJ ER ET IO KE KM MG MU MW MZ RE RW SC SO SS TZ UG YT ZM ZW');
const centralAfrica = codes('AO CD CF CG CM GA GQ ST TD');
const southernAfrica = codes('BW LS MW MZ NA SZ ZA ZM ZW');
const gulf = codes('AE BH KW OM QA SA');
const middleEast = [...gulf, ...codes('EG IL IQ IR JO LB PS SY TR YE')];
const caucasus = codes('AM AZ GE');
const centralAsia = codes('KG KZ TJ TM UZ');
const southAsia = codes('AF BD BT IN LK MV NP PK');
const southeastAsia = codes('BN ID KH LA MM MY PH SG TH TL VN');
const eastAsia = codes('CN HK JP KP KR MN MO TW');
const baltics = codes('EE LT LV');
const northernEurope = [...baltics, ...codes('AX DK FI FO GB GG IE IM IS JE NO SE SJ')];
const westernEurope = codes('AT BE CH DE FR GB IE LI LU MC NL');
const southernEurope = codes('AD AL BA CY ES GI GR HR IT ME MK MT PT RS SI SM VA XK');
const easternEurope = codes('BG BY CZ HU MD PL RO RU SK UA');
const pacificIslands = codes('AS CK FJ FM GU KI MH MP NC NR NU PF PG PN PW SB TK TO TV UM VU WF WS');
const centralAmerica = codes('BZ CR GT HN NI PA SV');
const caribbean = codes('AG AI AW BB BL BQ BS CU CW DM DO GD GP HT JM KN KY LC MF MQ MS PR SX TC TT VC VG VI');
const northAmerica = [...codes('BM CA GL MX PM US'), ...centralAmerica, ...caribbean];
const southAmerica = codes('AR BO BR CL CO EC FK GF GY PE PY SR UY VE');
const latinAmerica = ['MX', ...centralAmerica, ...southAmerica];
const asia = [
  ...middleEast.filter((code) => code !== 'EG'),
  ...caucasus,
  ...centralAsia,
  ...southAsia,
  ...southeastAsia,
  ...eastAsia,
];

function region(name: string, countries: readonly string[], aliases: readonly string[] = []): Region {
  return { name, aliases, countries: [...new Set(countries)].sort() };
}

/** Every country is in exactly one of these. */
export const continents: readonly Region[] = [
  region('Africa', [...northAfrica, ...westAfrica, ...eastAfrica, ...centralAfrica, ...southernAfrica]),
  region('Antarctica and Southern Islands', codes('AQ BV GS HM TF'), ['Antarctic']),
  region('Asia', asia),
  region('Europe', [...northernEurope, ...westernEurope, ...southernEurope, ...easternEurope]),
  region('North America', northAmerica),
  region('Oceania', [...codes('AU CC CX NF NZ'), ...pacificIslands], ['Australasia']),
  region('South America', southAmerica),
];

/** All that may be asked for by name, the continents first. */
export const regions: readonly Region[] = [
  ...continents,
  region('Balkans', codes('AL BA BG GR HR ME MK RO RS SI XK'), ['Balkan']),
  region('Baltics', baltics, ['Baltic States', 'Baltic']),
  region('Caribbean', caribbean),
  region('Caucasus', caucasus, ['South Caucasus']),
  region('Central Africa', centralAfrica, ['Middle Africa']),
  region('Central America', centralAmerica),
  region('Central Asia', centralAsia),
  region('East Africa', eastAfrica, ['Eastern Africa']),
  region('East Asia', eastAsia, ['Eastern Asia']),
  region('Eastern Europe', easternEurope, ['East Europe']),
  region('European Union', codes('AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'), [
    'EU',
  ]),
  region('Gulf States', gulf, ['Gulf', 'GCC']),
  region('Horn of Africa', codes('DJ ER ET SO')),
  region('Latin America', [...latinAmerica, ...codes('CU DO HT PR')], ['LATAM']),
  region('Latin America and the Caribbean', [...latinAmerica, ...caribbean], ['LAC']),
  region('Middle East', middleEast, ['Mideast', 'Near East']),
  region('Middle East and North Africa', [...middleEast, ...northAfrica], ['MENA']),
  region('Nordics', codes('AX DK FI FO GL IS NO SE SJ'), ['Nordic Countries', 'Nordic']),
  region('North Africa', northAfrica, ['Northern Africa']),
  region('Northern Europe', northernEurope, ['North Europe']),
  region('Pacific Islands', pacificIslands, ['South Pacific', 'Pacific']),
  region('Sahel', codes('BF ML MR NE TD')),
  region('South Asia', southAsia, ['Southern Asia']),
  region('Southeast Asia', southeastAsia, ['South-East Asia', 'ASEAN']),
  region('Southern Africa', southernAfrica),
  region('Southern Europe', southernEurope, ['South Europe']),
  region(
    'Sub-Saharan Africa',
    [...westAfrica, ...eastAfrica, ...centralAfrica, ...southernAfrica, 'SD'],
    ['Subsaharan Africa'],
  ),
  region('West Africa', westAfrica, ['Western Africa']),
  region('Western Europe', westernEurope, ['West Europe']),
];
