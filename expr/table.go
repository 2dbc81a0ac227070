package expr

import "slices"

// table is the one list of operations; what binds, prints, encodes, evaluates or optimises an expression reads it.
func table() []Info {
	str, num, typ := StringParam, IntParam, TypeParam
	p := func(kinds ...ParamKind) []ParamKind { return kinds }
	return []Info{
		{Name: "col", Call: "Col", Kind: Leaf, Params: p(str), bind: bindCol},
		{Name: "lit", Call: "Lit", Kind: Leaf, bind: bindLit},

		{Name: "add", Call: "Add", Kind: Scalar, MinArgs: 2, MaxArgs: 2, Fails: FailsByType, bind: bindArith},
		{Name: "sub", Call: "Sub", Kind: Scalar, MinArgs: 2, MaxArgs: 2, Fails: FailsByType, bind: bindArith},
		{Name: "mul", Call: "Mul", Kind: Scalar, MinArgs: 2, MaxArgs: 2, Fails: FailsByType, bind: bindArith},
		{Name: "div", Call: "Div", Kind: Scalar, MinArgs: 2, MaxArgs: 2, Fails: FailsByType, MakesNull: true, bind: bindArith},
		{Name: "floor_div", Call: "FloorDiv", Kind: Scalar, MinArgs: 2, MaxArgs: 2, Fails: FailsByType, MakesNull: true, bind: bindArith},
		{Name: "mod", Call: "Mod", Kind: Scalar, MinArgs: 2, MaxArgs: 2, Fails: FailsByType, MakesNull: true, bind: bindArith},
		{Name: "pow", Call: "Pow", Kind: Scalar, MinArgs: 2, MaxArgs: 2, bind: bindFloat},
		{Name: "neg", Call: "Neg", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Fails: FailsByType, bind: bindSigned},
		{Name: "abs", Call: "Abs", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Fails: FailsByType, bind: bindSigned},
		{Name: "sign", Call: "Sign", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindSigned},
		{Name: "floor", Call: "Floor", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Fails: FailsByType, bind: bindRounding},
		{Name: "ceil", Call: "Ceil", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Fails: FailsByType, bind: bindRounding},
		{Name: "round", Call: "Round", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(num), Fails: FailsByType, bind: bindRounding},
		{Name: "sqrt", Call: "Sqrt", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindFloat},
		{Name: "exp", Call: "Exp", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindFloat},
		{Name: "log", Call: "Log", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindFloat},

		{Name: "eq", Call: "Eq", Kind: Scalar, MinArgs: 2, MaxArgs: 2, bind: bindCompare},
		{Name: "ne", Call: "Ne", Kind: Scalar, MinArgs: 2, MaxArgs: 2, bind: bindCompare},
		{Name: "lt", Call: "Lt", Kind: Scalar, MinArgs: 2, MaxArgs: 2, bind: bindCompare},
		{Name: "le", Call: "Le", Kind: Scalar, MinArgs: 2, MaxArgs: 2, bind: bindCompare},
		{Name: "gt", Call: "Gt", Kind: Scalar, MinArgs: 2, MaxArgs: 2, bind: bindCompare},
		{Name: "ge", Call: "Ge", Kind: Scalar, MinArgs: 2, MaxArgs: 2, bind: bindCompare},
		{Name: "between", Call: "Between", Kind: Scalar, MinArgs: 3, MaxArgs: 3, Nulls: Handles, bind: bindBetween},
		{Name: "in", Call: "In", Kind: Scalar, MinArgs: 1, MaxArgs: AnyNumber, Nulls: Handles, bind: bindIn},
		{Name: "is_null", Call: "IsNull", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Nulls: Handles, bind: bindIsNull},
		{Name: "not_null", Call: "NotNull", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Nulls: Handles, bind: bindIsNull},
		{Name: "is_nan", Call: "IsNaN", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindIsNaN},
		{Name: "fill_nan", Call: "FillNaN", Kind: Scalar, MinArgs: 2, MaxArgs: 2, Nulls: Handles, bind: bindFillNaN},

		{Name: "and", Call: "And", Kind: Scalar, MinArgs: 1, MaxArgs: AnyNumber, Nulls: Handles, bind: bindLogical},
		{Name: "or", Call: "Or", Kind: Scalar, MinArgs: 1, MaxArgs: AnyNumber, Nulls: Handles, bind: bindLogical},
		{Name: "not", Call: "Not", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindLogical},
		{Name: "if", Call: "If", Kind: Scalar, MinArgs: 3, MaxArgs: 3, Nulls: Handles, bind: bindIfExpr},
		{Name: "coalesce", Call: "Coalesce", Kind: Scalar, MinArgs: 1, MaxArgs: AnyNumber, Nulls: Handles, bind: bindUnified},
		{Name: "greatest", Call: "Greatest", Kind: Scalar, MinArgs: 1, MaxArgs: AnyNumber, Nulls: Handles, bind: bindUnified},
		{Name: "least", Call: "Least", Kind: Scalar, MinArgs: 1, MaxArgs: AnyNumber, Nulls: Handles, bind: bindUnified},
		{Name: "struct_of", Call: "StructOf", Kind: Scalar, MinArgs: 1, MaxArgs: AnyNumber, Params: p(str), RepeatParam: true, Nulls: Handles, bind: bindStructOf},
		{Name: "field", Call: "Field", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(str), bind: bindField},
		{Name: "cast", Call: "Cast", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(typ), Fails: FailsByType, bind: bindCast},
		{Name: "try_cast", Call: "TryCast", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(typ), MakesNull: true, bind: bindCast},
		{Name: "func", Call: "Func", Kind: Scalar, MinArgs: 0, MaxArgs: AnyNumber, Params: p(str), Nulls: Handles, Fails: FailsAlways, bind: bindUserFunc},

		{Name: "str_contains", Call: "Str().Contains", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(str), bind: bindStr},
		{Name: "str_starts_with", Call: "Str().StartsWith", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(str), bind: bindStr},
		{Name: "str_ends_with", Call: "Str().EndsWith", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(str), bind: bindStr},
		{Name: "str_match", Call: "Str().Match", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(str), bind: bindStr},
		{Name: "str_like", Call: "Str().Like", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(str), bind: bindStr},
		{Name: "str_replace", Call: "Str().Replace", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(str, str), bind: bindStr},
		{Name: "str_replace_match", Call: "Str().ReplaceMatch", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(str, str), bind: bindStr},
		{Name: "str_extract", Call: "Str().Extract", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(str, num), MakesNull: true, bind: bindStr},
		{Name: "str_split", Call: "Str().Split", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(str), bind: bindStr},
		{Name: "str_concat", Call: "Str().Concat", Kind: Scalar, MinArgs: 1, MaxArgs: AnyNumber, bind: bindStr},
		{Name: "str_lower", Call: "Str().Lower", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindStr},
		{Name: "str_upper", Call: "Str().Upper", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindStr},
		{Name: "str_trim", Call: "Str().Trim", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindStr},
		{Name: "str_len", Call: "Str().Len", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindStr},
		{Name: "str_len_bytes", Call: "Str().LenBytes", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindStr},
		{Name: "str_slice", Call: "Str().Slice", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(num, num), bind: bindStr},
		{Name: "str_parse_time", Call: "Str().ParseTime", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(str), Fails: FailsAlways, bind: bindStr},

		{Name: "dt_year", Call: "Dt().Year", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindDatePart},
		{Name: "dt_quarter", Call: "Dt().Quarter", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindDatePart},
		{Name: "dt_month", Call: "Dt().Month", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindDatePart},
		{Name: "dt_week", Call: "Dt().Week", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindDatePart},
		{Name: "dt_day", Call: "Dt().Day", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindDatePart},
		{Name: "dt_year_day", Call: "Dt().YearDay", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindDatePart},
		{Name: "dt_weekday", Call: "Dt().Weekday", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindDatePart},
		{Name: "dt_hour", Call: "Dt().Hour", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindClockPart},
		{Name: "dt_minute", Call: "Dt().Minute", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindClockPart},
		{Name: "dt_second", Call: "Dt().Second", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindClockPart},
		{Name: "dt_date", Call: "Dt().Date", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindDt},
		{Name: "dt_truncate", Call: "Dt().Truncate", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(str), bind: bindDt},
		{Name: "dt_add_months", Call: "Dt().AddMonths", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(num), Fails: FailsAlways, bind: bindDt},
		{Name: "dt_in", Call: "Dt().In", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(str), bind: bindDt},
		{Name: "dt_format", Call: "Dt().Format", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(str), bind: bindDt},
		{Name: "dt_seconds", Call: "Dt().Seconds", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindDt},

		{Name: "list_len", Call: "List().Len", Kind: Scalar, MinArgs: 1, MaxArgs: 1, bind: bindList},
		{Name: "list_get", Call: "List().Get", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(num), MakesNull: true, bind: bindList},
		{Name: "list_contains", Call: "List().Contains", Kind: Scalar, MinArgs: 2, MaxArgs: 2, MakesNull: true, bind: bindList},
		{Name: "list_join", Call: "List().Join", Kind: Scalar, MinArgs: 1, MaxArgs: 1, Params: p(str), bind: bindList},

		{Name: "count", Call: "Count", Kind: Aggregate, Nulls: Handles, bind: bindCount},
		{Name: "count_of", Call: "CountOf", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Nulls: Handles, bind: bindCount},
		{Name: "n_unique", Call: "NUnique", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Nulls: Handles, bind: bindCount},
		{Name: "approx_n_unique", Call: "ApproxNUnique", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Nulls: Handles, bind: bindCount},
		{Name: "sum", Call: "Sum", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Fails: FailsByType, Nulls: Handles, bind: bindSum},
		{Name: "mean", Call: "Mean", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Nulls: Handles, bind: bindMoment},
		{Name: "var", Call: "Var", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Nulls: Handles, bind: bindMoment},
		{Name: "std", Call: "Std", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Nulls: Handles, bind: bindMoment},
		{Name: "var_pop", Call: "VarPop", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Nulls: Handles, bind: bindMoment},
		{Name: "std_pop", Call: "StdPop", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Nulls: Handles, bind: bindMoment},
		{Name: "median", Call: "Median", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Nulls: Handles, bind: bindMoment},
		{Name: "quantile", Call: "Quantile", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Params: p(FloatParam), Nulls: Handles, bind: bindMoment},
		{Name: "quantiles", Call: "Quantiles", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Params: p(str), Nulls: Handles, bind: bindMoment},
		{Name: "approx_quantile", Call: "ApproxQuantile", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Params: p(FloatParam), Nulls: Handles, bind: bindMoment},
		{Name: "corr", Call: "Corr", Kind: Aggregate, MinArgs: 2, MaxArgs: 2, Nulls: Handles, bind: bindMoment},
		{Name: "cov", Call: "Cov", Kind: Aggregate, MinArgs: 2, MaxArgs: 2, Nulls: Handles, bind: bindMoment},
		{Name: "min", Call: "Min", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Nulls: Handles, bind: bindExtreme},
		{Name: "max", Call: "Max", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Nulls: Handles, bind: bindExtreme},
		{Name: "first", Call: "First", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Nulls: Handles, Ordered: true, bind: bindPick},
		{Name: "last", Call: "Last", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Nulls: Handles, Ordered: true, bind: bindPick},
		{Name: "mode", Call: "Mode", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Nulls: Handles, Ordered: true, bind: bindPick},
		{Name: "any", Call: "Any", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Nulls: Handles, bind: bindAnyAll},
		{Name: "all", Call: "All", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Nulls: Handles, bind: bindAnyAll},
		{Name: "list_of", Call: "ListOf", Kind: Aggregate, MinArgs: 1, MaxArgs: 1, Nulls: Handles, Ordered: true, bind: bindListOf},

		{Name: "row_number", Call: "RowNumber", Kind: Window, Nulls: Handles, Ordered: true, bind: bindRank},
		{Name: "rank", Call: "Rank", Kind: Window, Nulls: Handles, Ordered: true, bind: bindRank},
		{Name: "dense_rank", Call: "DenseRank", Kind: Window, Nulls: Handles, Ordered: true, bind: bindRank},
		{Name: "lag", Call: "Lag", Kind: Window, MinArgs: 1, MaxArgs: 1, Params: p(num), Nulls: Handles, Ordered: true, bind: bindShift},
		{Name: "lead", Call: "Lead", Kind: Window, MinArgs: 1, MaxArgs: 1, Params: p(num), Nulls: Handles, Ordered: true, bind: bindShift},
		{Name: "cum_sum", Call: "CumSum", Kind: Window, MinArgs: 1, MaxArgs: 1, Fails: FailsByType, Nulls: Handles, Ordered: true, bind: bindSum},
		{Name: "cum_min", Call: "CumMin", Kind: Window, MinArgs: 1, MaxArgs: 1, Nulls: Handles, Ordered: true, bind: bindExtreme},
		{Name: "cum_max", Call: "CumMax", Kind: Window, MinArgs: 1, MaxArgs: 1, Nulls: Handles, Ordered: true, bind: bindExtreme},
		{Name: "fill_forward", Call: "FillForward", Kind: Window, MinArgs: 1, MaxArgs: 1, Nulls: Handles, Ordered: true, bind: bindShift},
		{Name: "fill_backward", Call: "FillBackward", Kind: Window, MinArgs: 1, MaxArgs: 1, Nulls: Handles, Ordered: true, bind: bindShift},

		{Name: "desc", Call: "Desc", Kind: KeyModifier, MinArgs: 1, MaxArgs: 1, bind: bindKeyModifier},
		{Name: "nulls_first", Call: "NullsFirst", Kind: KeyModifier, MinArgs: 1, MaxArgs: 1, bind: bindKeyModifier},
	}
}

// init fills the table: its binders build expressions, which a package-level value could not refer to itself for.
func init() {
	rows := table()
	ops = make(map[string]*Info, len(rows))
	for i := range rows {
		ops[rows[i].Name] = &rows[i]
		opNames = append(opNames, rows[i].Name)
	}
	slices.Sort(opNames)
	opCol, opLit, opIf, opAnd, opOr, opFunc, opCast = ops["col"], ops["lit"], ops["if"], ops["and"], ops["or"], ops["func"], ops["cast"]
}
