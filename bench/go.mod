module github.com/sheafdata/sheaf/bench

go 1.26.0

require github.com/sheafdata/sheaf v0.0.0

replace github.com/sheafdata/sheaf => ../
