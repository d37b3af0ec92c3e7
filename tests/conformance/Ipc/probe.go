// Asks a varlink service everything with the Go library of the varlink project, and prints what it understood.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/varlink/go/varlink"
	"github.com/varlink/go/varlink/idl"
)

func check(err error) {
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

func main() {
	ctx := context.Background()
	connection, err := varlink.NewConnection(ctx, "unix:"+os.Args[1])
	check(err)
	var vendor, product, version, url string
	var interfaces []string
	check(connection.GetInfo(ctx, &vendor, &product, &version, &url, &interfaces))
	fmt.Println("product", product)
	for _, name := range interfaces {
		text, err := connection.GetInterfaceDescription(ctx, name)
		check(err)
		// This version of the library knows names of interfaces in lower case only.
		lower := strings.Replace(text, "\ninterface "+name, "\ninterface "+strings.ToLower(name), 1)
		parsed, err := idl.New(lower)
		if err != nil && err.Error() == "no methods defined" {
			// The library wants one method at least; the language does not.
			parsed, err = idl.New(lower + "\nmethod Nothing() -> ()\n")
			check(err)
			parsed.Methods = nil
		}
		check(err)
		parsed.Name = name
		fmt.Println("interface", parsed.Name)
		for _, method := range parsed.Methods {
			fmt.Printf("method %s.%s %d %d\n", parsed.Name, method.Name, len(method.In.Fields), len(method.Out.Fields))
		}
		for _, failure := range parsed.Errors {
			fmt.Printf("error %s.%s\n", parsed.Name, failure.Name)
		}
	}

	var reply map[string]interface{}
	check(connection.Call(ctx, "io.imaged.Manager.List", nil, &reply))
	text, err := json.Marshal(reply)
	check(err)
	fmt.Println("list", string(text))
	err = connection.Call(ctx, "io.imaged.Manager.Detach", map[string]string{"what": "nothing"}, nil)
	fmt.Printf("detach %T %v\n", err, err)
	err = connection.Call(ctx, "io.imaged.Manager.Bark", nil, nil)
	fmt.Printf("bark %T %v\n", err, err)
	check(connection.Close())
}
