package fault_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sheafdata/sheaf/fault"
)

var taxi = []string{
	"VendorID", "tpep_pickup_datetime", "tpep_dropoff_datetime", "passenger_count", "trip_distance", "RatecodeID", "store_and_fwd_flag",
	"PULocationID", "DOLocationID", "payment_type", "fare_amount", "extra", "mta_tax", "tip_amount", "tolls_amount", "improvement_surcharge",
	"total_amount", "congestion_surcharge", "airport_fee", "id",
}

func TestSuggest(t *testing.T) {
	for wrong, want := range map[string]string{
		"fare_amout":           "fare_amount",
		"vendorid":             "VendorID",
		"vendor_id":            "VendorID",
		"tipAmount":            "tip_amount",
		"tip":                  "tip_amount",
		"tips":                 "tip_amount",
		"toll":                 "tolls_amount",
		"passengers":           "passenger_count",
		"passanger_cuont":      "passenger_count",
		"distance":             "trip_distance",
		"pickup":               "tpep_pickup_datetime",
		"pickup_datetime":      "tpep_pickup_datetime",
		"tpep_pickup_datetime": "tpep_pickup_datetime",
		"tpep_pikcup_datetime": "tpep_pickup_datetime",
		"payment":              "payment_type",
		"airport_feee":         "airport_fee",
		"improvement":          "improvement_surcharge",
		"fwd_flag":             "store_and_fwd_flag",
		"mtatax":               "mta_tax",
		"idd":                  "id",
	} {
		require.Equal(t, "did you mean \""+want+"\"?", fault.Suggest(wrong, taxi), wrong)
	}
}

func TestSuggestCountsLettersNotBytes(t *testing.T) {
	require.Equal(t, `did you mean "größe"?`, fault.Suggest("grösse", []string{"größe", "gewicht"}))
	require.Equal(t, `did you mean "日付"?`, fault.Suggest("日", []string{"名前", "日付"}))
}

func TestSuggestListsNamesWhereNoneIsNear(t *testing.T) {
	require.Equal(t, "there are a, bb", fault.Suggest("xyzzy", []string{"a", "bb"}))
	require.Empty(t, fault.Suggest("xyzzy", strings.Fields(strings.Repeat("qqqq ", 21))))
	require.Empty(t, fault.Suggest("xyzzy", nil))
	require.Equal(t, "there are a", fault.Suggest("", []string{"a"}))
	require.Equal(t, "there are abc", fault.Suggest("zz", []string{"abc"}))
}

// Suggesting is a guess, but never a wild one: what it names shares most letters or a word with the wrong name.
func FuzzSuggest(f *testing.F) {
	f.Add("tip", "tip_amount,x")
	f.Add("", "")
	f.Add("日", "\xff,日")
	f.Fuzz(func(t *testing.T, wrong, names string) {
		list := strings.Split(names, ",")
		got := fault.Suggest(wrong, list)
		for _, n := range list {
			if n == wrong && n != "" {
				require.Contains(t, got, "did you mean")
			}
		}
	})
}
