package main

import (
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sheafdata/sheaf/dataframe"
	"github.com/sheafdata/sheaf/expr"
)

var (
	col  = expr.Col
	lit  = expr.Lit
	desc = dataframe.Desc
	on   = dataframe.On
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

// net is the price after the discount.
func net() expr.Expr { return col("l_extendedprice").Mul(lit(1).Sub(col("l_discount"))) }

// real is a decimal as a float: quotients of decimals have six digits, those of SQL are floats.
func real(e expr.Expr) expr.Expr { return e.Cast(arrow.PrimitiveTypes.Float64) }

// within is from ≤ column < to.
func within(column, from, to string) expr.Expr {
	return col(column).Ge(day(from)).And(col(column).Lt(day(to)))
}

func nation(name string) *frame { return open("nation").Filter(col("n_name").Eq(name)) }

// nationsOf are the nations of a region.
func nationsOf(region string) *frame {
	return open("nation").Join(open("region").Filter(col("r_name").Eq(region)), on("n_regionkey", "r_regionkey"), dataframe.Semi)
}

// questions are the 22 of TPC-H, with the parameters of the specification's validation.
var questions = map[string]func() *frame{
	"1": func() *frame {
		return open("lineitem").Filter(col("l_shipdate").Le(day("1998-09-02"))).GroupBy("l_returnflag", "l_linestatus").Agg(
			expr.Sum("l_quantity").As("sum_qty"), expr.Sum("l_extendedprice").As("sum_base_price"), expr.Sum(net()).As("sum_disc_price"),
			expr.Sum(net().Mul(lit(1).Add(col("l_tax")))).As("sum_charge"), expr.Mean("l_quantity").As("avg_qty"), expr.Mean("l_extendedprice").As("avg_price"),
			expr.Mean("l_discount").As("avg_disc"), expr.Count().As("count_order"),
		).Sort("l_returnflag", "l_linestatus")
	},
	"2": func() *frame {
		supply := open("partsupp").Join(open("supplier"), on("ps_suppkey", "s_suppkey")).Join(nationsOf("EUROPE"), on("s_nationkey", "n_nationkey"))
		parts := open("part").Filter(col("p_size").Eq(15), col("p_type").Str().EndsWith("BRASS"))
		offers := supply.Join(parts, on("ps_partkey", "p_partkey"))
		least := offers.GroupBy("ps_partkey").Agg(expr.Min("ps_supplycost").As("least")).Rename("ps_partkey", "least_partkey")
		return offers.Join(least, on("ps_partkey", "least_partkey"), on("ps_supplycost", "least"), dataframe.Semi).
			Select("s_acctbal", "s_name", "n_name", "p_partkey", "p_mfgr", "s_address", "s_phone", "s_comment").
			Sort(desc("s_acctbal"), "n_name", "s_name", "p_partkey").Limit(100)
	},
	"3": func() *frame {
		orders := open("orders").Filter(col("o_orderdate").Lt(day("1995-03-15"))).
			Join(open("customer").Filter(col("c_mktsegment").Eq("BUILDING")), on("o_custkey", "c_custkey"), dataframe.Semi)
		return open("lineitem").Filter(col("l_shipdate").Gt(day("1995-03-15"))).Join(orders, on("l_orderkey", "o_orderkey")).
			GroupBy("l_orderkey", "o_orderdate", "o_shippriority").Agg(expr.Sum(net()).As("revenue")).
			Select("l_orderkey", "revenue", "o_orderdate", "o_shippriority").Sort(desc("revenue"), "o_orderdate").Limit(10)
	},
	"4": func() *frame {
		late := open("lineitem").Filter(col("l_commitdate").Lt(col("l_receiptdate")))
		return open("orders").Filter(within("o_orderdate", "1993-07-01", "1993-10-01")).Join(late, on("o_orderkey", "l_orderkey"), dataframe.Semi).
			GroupBy("o_orderpriority").Agg(expr.Count().As("order_count")).Sort("o_orderpriority")
	},
	"5": func() *frame {
		orders := open("orders").Filter(within("o_orderdate", "1994-01-01", "1995-01-01"))
		return open("lineitem").Join(orders, on("l_orderkey", "o_orderkey")).Join(open("customer"), on("o_custkey", "c_custkey")).
			Join(open("supplier"), on("l_suppkey", "s_suppkey"), on("c_nationkey", "s_nationkey")).Join(nationsOf("ASIA"), on("s_nationkey", "n_nationkey")).
			GroupBy("n_name").Agg(expr.Sum(net()).As("revenue")).Sort(desc("revenue"))
	},
	"6": func() *frame {
		return open("lineitem").Filter(within("l_shipdate", "1994-01-01", "1995-01-01"), col("l_discount").Between(0.05, 0.07), col("l_quantity").Lt(24)).
			GroupBy().Agg(expr.Sum(col("l_extendedprice").Mul(col("l_discount"))).As("revenue"))
	},
	"7": func() *frame {
		pair := []any{"FRANCE", "GERMANY"}
		of := func(name, key string) *frame {
			return open("nation").Filter(col("n_name").In(pair...)).Select(col("n_name").As(name), col("n_nationkey").As(key))
		}
		suppliers := open("supplier").Join(of("supp_nation", "supp_key"), on("s_nationkey", "supp_key"))
		customers := open("customer").Join(of("cust_nation", "cust_key"), on("c_nationkey", "cust_key"))
		return open("lineitem").Filter(col("l_shipdate").Between(day("1995-01-01"), day("1996-12-31"))).Join(suppliers, on("l_suppkey", "s_suppkey")).
			Join(open("orders"), on("l_orderkey", "o_orderkey")).Join(customers, on("o_custkey", "c_custkey")).
			Filter(col("supp_nation").Ne(col("cust_nation"))).GroupBy("supp_nation", "cust_nation", col("l_shipdate").Dt().Year().As("l_year")).
			Agg(expr.Sum(net()).As("revenue")).Sort("supp_nation", "cust_nation", "l_year")
	},
	"8": func() *frame {
		parts := open("part").Filter(col("p_type").Eq("ECONOMY ANODIZED STEEL"))
		customers := open("customer").Join(nationsOf("AMERICA"), on("c_nationkey", "n_nationkey"), dataframe.Semi)
		suppliers := open("supplier").Join(open("nation").Select(col("n_nationkey").As("supp_key"), col("n_name").As("nation")), on("s_nationkey", "supp_key"))
		orders := open("orders").Filter(col("o_orderdate").Between(day("1995-01-01"), day("1996-12-31")))
		return open("lineitem").Join(parts, on("l_partkey", "p_partkey"), dataframe.Semi).Join(orders, on("l_orderkey", "o_orderkey")).
			Join(customers, on("o_custkey", "c_custkey"), dataframe.Semi).Join(suppliers, on("l_suppkey", "s_suppkey")).With(net().As("volume")).
			GroupBy(col("o_orderdate").Dt().Year().As("o_year")).
			Agg(real(expr.Sum(expr.If(col("nation").Eq("BRAZIL"), col("volume"), 0))).Div(expr.Sum("volume")).As("mkt_share")).Sort("o_year")
	},
	"9": func() *frame {
		green := open("part").Filter(col("p_name").Str().Contains("green"))
		suppliers := open("supplier").Join(open("nation"), on("s_nationkey", "n_nationkey"))
		return open("lineitem").Join(green, on("l_partkey", "p_partkey"), dataframe.Semi).Join(suppliers, on("l_suppkey", "s_suppkey")).
			Join(open("partsupp"), on("l_suppkey", "ps_suppkey"), on("l_partkey", "ps_partkey")).Join(open("orders"), on("l_orderkey", "o_orderkey")).
			GroupBy(col("n_name").As("nation"), col("o_orderdate").Dt().Year().As("o_year")).
			Agg(expr.Sum(net().Sub(col("ps_supplycost").Mul(col("l_quantity")))).As("sum_profit")).Sort("nation", desc("o_year"))
	},
	"10": func() *frame {
		orders := open("orders").Filter(within("o_orderdate", "1993-10-01", "1994-01-01"))
		return open("lineitem").Filter(col("l_returnflag").Eq("R")).Join(orders, on("l_orderkey", "o_orderkey")).Join(open("customer"), on("o_custkey", "c_custkey")).
			Join(open("nation"), on("c_nationkey", "n_nationkey")).
			GroupBy("c_custkey", "c_name", "c_acctbal", "c_phone", "n_name", "c_address", "c_comment").Agg(expr.Sum(net()).As("revenue")).
			Select("c_custkey", "c_name", "revenue", "c_acctbal", "n_name", "c_address", "c_phone", "c_comment").Sort(desc("revenue")).Limit(20)
	},
	"11": func() *frame {
		german := open("partsupp").Join(open("supplier").Join(nation("GERMANY"), on("s_nationkey", "n_nationkey"), dataframe.Semi), on("ps_suppkey", "s_suppkey"), dataframe.Semi)
		worth := expr.Sum(col("ps_supplycost").Mul(col("ps_availqty")))
		all := german.GroupBy().Agg(worth.As("all"))
		return german.GroupBy("ps_partkey").Agg(worth.As("value")).Join(all, dataframe.Cross).
			Filter(col("value").Gt(col("all").Mul(0.0001))).Select("ps_partkey", "value").Sort(desc("value"))
	},
	"12": func() *frame {
		urgent := col("o_orderpriority").In("1-URGENT", "2-HIGH")
		return open("lineitem").Filter(col("l_shipmode").In("MAIL", "SHIP"), col("l_commitdate").Lt(col("l_receiptdate")), col("l_shipdate").Lt(col("l_commitdate")),
			within("l_receiptdate", "1994-01-01", "1995-01-01")).Join(open("orders"), on("l_orderkey", "o_orderkey")).
			GroupBy("l_shipmode").Agg(expr.Count().Where(urgent).As("high_line_count"), expr.Count().Where(urgent.Not()).As("low_line_count")).Sort("l_shipmode")
	},
	"13": func() *frame {
		orders := open("orders").Filter(col("o_comment").Str().Like("%special%requests%").Not())
		return open("customer").Join(orders, on("c_custkey", "o_custkey"), dataframe.Left).GroupBy("c_custkey").Agg(expr.CountOf("o_orderkey").As("c_count")).
			GroupBy("c_count").Agg(expr.Count().As("custdist")).Sort(desc("custdist"), desc("c_count"))
	},
	"14": func() *frame {
		promo := expr.Sum(net()).Where(col("p_type").Str().StartsWith("PROMO"))
		return open("lineitem").Filter(within("l_shipdate", "1995-09-01", "1995-10-01")).Join(open("part"), on("l_partkey", "p_partkey")).
			GroupBy().Agg(real(promo).Mul(100).Div(expr.Sum(net())).As("promo_revenue"))
	},
	"15": func() *frame {
		revenue := open("lineitem").Filter(within("l_shipdate", "1996-01-01", "1996-04-01")).GroupBy("l_suppkey").Agg(expr.Sum(net()).As("total_revenue"))
		best := revenue.GroupBy().Agg(expr.Max("total_revenue").As("best"))
		return open("supplier").Join(revenue.Join(best, on("total_revenue", "best"), dataframe.Semi), on("s_suppkey", "l_suppkey")).
			Select("s_suppkey", "s_name", "s_address", "s_phone", "total_revenue").Sort("s_suppkey")
	},
	"16": func() *frame {
		complaints := open("supplier").Filter(col("s_comment").Str().Like("%Customer%Complaints%"))
		parts := open("part").Filter(col("p_brand").Ne("Brand#45"), col("p_type").Str().StartsWith("MEDIUM POLISHED").Not(), col("p_size").In(49, 14, 23, 45, 19, 3, 36, 9))
		return open("partsupp").Join(parts, on("ps_partkey", "p_partkey")).Join(complaints, on("ps_suppkey", "s_suppkey"), dataframe.Anti).
			GroupBy("p_brand", "p_type", "p_size").Agg(expr.NUnique("ps_suppkey").As("supplier_cnt")).
			Sort(desc("supplier_cnt"), "p_brand", "p_type", "p_size")
	},
	"17": func() *frame {
		lines := open("lineitem").Join(open("part").Filter(col("p_brand").Eq("Brand#23"), col("p_container").Eq("MED BOX")), on("l_partkey", "p_partkey"), dataframe.Semi)
		few := lines.GroupBy("l_partkey").Agg(expr.Mean("l_quantity").Mul(0.2).As("few")).Rename("l_partkey", "few_partkey")
		return lines.Join(few, on("l_partkey", "few_partkey")).Filter(col("l_quantity").Lt(col("few"))).
			GroupBy().Agg(expr.Sum("l_extendedprice").Div(7.0).As("avg_yearly"))
	},
	"18": func() *frame {
		large := open("lineitem").GroupBy("l_orderkey").Agg(expr.Sum("l_quantity").As("qty")).Filter(col("qty").Gt(300))
		return open("orders").Join(large, on("o_orderkey", "l_orderkey")).Join(open("customer"), on("o_custkey", "c_custkey")).
			Select("c_name", "c_custkey", "o_orderkey", "o_orderdate", "o_totalprice", "qty").Sort(desc("o_totalprice"), "o_orderdate").Limit(100)
	},
	"19": func() *frame {
		of := func(brand string, from, size int, boxes ...any) expr.Expr {
			return col("p_brand").Eq(brand).And(col("p_container").In(boxes...), col("l_quantity").Between(from, from+10), col("p_size").Between(1, size))
		}
		return open("lineitem").Filter(col("l_shipmode").In("AIR", "AIR REG"), col("l_shipinstruct").Eq("DELIVER IN PERSON")).Join(open("part"), on("l_partkey", "p_partkey")).
			Filter(of("Brand#12", 1, 5, "SM CASE", "SM BOX", "SM PACK", "SM PKG").Or(of("Brand#23", 10, 10, "MED BAG", "MED BOX", "MED PKG", "MED PACK"),
				of("Brand#34", 20, 15, "LG CASE", "LG BOX", "LG PACK", "LG PKG"))).
			GroupBy().Agg(expr.Sum(net()).As("revenue"))
	},
	"20": func() *frame {
		forest := open("part").Filter(col("p_name").Str().StartsWith("forest"))
		sold := open("lineitem").Filter(within("l_shipdate", "1994-01-01", "1995-01-01")).GroupBy("l_partkey", "l_suppkey").Agg(expr.Sum("l_quantity").Mul(0.5).As("half"))
		offers := open("partsupp").Join(forest, on("ps_partkey", "p_partkey"), dataframe.Semi).Join(sold, on("ps_partkey", "l_partkey"), on("ps_suppkey", "l_suppkey")).
			Filter(col("ps_availqty").Gt(col("half")))
		return open("supplier").Join(offers, on("s_suppkey", "ps_suppkey"), dataframe.Semi).Join(nation("CANADA"), on("s_nationkey", "n_nationkey"), dataframe.Semi).
			Select("s_name", "s_address").Sort("s_name")
	},
	"21": func() *frame {
		lines := open("lineitem").Select("l_orderkey", "l_suppkey", col("l_receiptdate").Gt(col("l_commitdate")).As("late"))
		// An order with one late supplier among several.
		supplier, late := col("l_suppkey"), col("late")
		waits := lines.GroupBy(col("l_orderkey").As("wait_orderkey")).
			Agg(expr.Min(supplier).As("least"), expr.Max(supplier).As("most"), expr.Min(supplier).Where(late).As("least_late"), expr.Max(supplier).Where(late).As("most_late")).
			Filter(col("least").Ne(col("most")), col("least_late").Eq(col("most_late")))
		return lines.Filter(col("late")).Join(open("supplier").Join(nation("SAUDI ARABIA"), on("s_nationkey", "n_nationkey"), dataframe.Semi), on("l_suppkey", "s_suppkey")).
			Join(open("orders").Filter(col("o_orderstatus").Eq("F")), on("l_orderkey", "o_orderkey"), dataframe.Semi).
			Join(waits, on("l_orderkey", "wait_orderkey"), dataframe.Semi).
			GroupBy("s_name").Agg(expr.Count().As("numwait")).Sort(desc("numwait"), "s_name").Limit(100)
	},
	"22": func() *frame {
		customers := open("customer").With(col("c_phone").Str().Slice(0, 2).As("cntrycode")).Filter(col("cntrycode").In("13", "31", "23", "29", "30", "18", "17"))
		mean := customers.Filter(col("c_acctbal").Gt(0)).GroupBy().Agg(expr.Mean("c_acctbal").As("mean"))
		return customers.Join(mean, dataframe.Cross).Filter(col("c_acctbal").Gt(col("mean"))).Join(open("orders"), on("c_custkey", "o_custkey"), dataframe.Anti).
			GroupBy("cntrycode").Agg(expr.Count().As("numcust"), expr.Sum("c_acctbal").As("totacctbal")).Sort("cntrycode")
	},
}
