// Reads one question as JSON from stdin and answers it as JSON: what Argo CD, Flux and Helm 4 take objects for. By the code
// of Flux where that can be had alone: its evaluator of health checks, and kstatus, which Helm 4 has as well. Argo CD's health
// scripts run in the Lua that it runs them in, with the same few libraries.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type question struct {
	// lua, flux or kstatus.
	Ask string `json:"ask"`
	// Of lua.
	Script string `json:"script"`
	// Of flux: spec.healthCheckExprs of its Kustomization.
	Checks  []kustomize.CustomHealthCheck `json:"checks"`
	Objects []unstructured.Unstructured   `json:"objects"`
}

type health struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

func main() {
	var asked question
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fail(err)
	}
	answers := make([]any, 0, len(asked.Objects))
	for index := range asked.Objects {
		answer, err := answerOf(&asked, &asked.Objects[index])
		if err != nil {
			fail(fmt.Errorf("object %d: %w", index, err))
		}
		answers = append(answers, answer)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func answerOf(asked *question, object *unstructured.Unstructured) (any, error) {
	switch asked.Ask {
	case "lua":
		return byScript(asked.Script, object)
	case "flux":
		reader, err := cel.NewStatusReader(asked.Checks)
		if err != nil {
			return nil, err
		}
		// It asks neither a mapper nor the cluster for an object that it is given.
		result, err := reader(nil).ReadStatusForObject(context.Background(), nil, object)
		if err != nil {
			return nil, err
		}
		return health{result.Status.String(), result.Message}, nil
	case "kstatus":
		result, err := status.Compute(object)
		if err != nil {
			return nil, err
		}
		return health{result.Status.String(), result.Message}, nil
	}
	return nil, fmt.Errorf("unknown question %q", asked.Ask)
}

// As Argo CD's util/lua does by default: without the libraries string, math and io, the object as the global obj.
func byScript(script string, object *unstructured.Unstructured) (*health, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable} {
		if err := state.CallByParam(lua.P{Fn: state.NewFunction(open), Protect: true}, lua.LString(name)); err != nil {
			return nil, err
		}
	}
	state.SetGlobal("obj", valueOf(state, object.Object))
	if err := state.DoString(script); err != nil {
		return nil, err
	}
	table, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("the script returns no table but %s", state.Get(-1).Type())
	}
	return &health{lua.LVAsString(table.RawGetString("status")), lua.LVAsString(table.RawGetString("message"))}, nil
}

func valueOf(state *lua.LState, value any) lua.LValue {
	switch is := value.(type) {
	case bool:
		return lua.LBool(is)
	case int64:
		return lua.LNumber(is)
	case float64:
		return lua.LNumber(is)
	case string:
		return lua.LString(is)
	case []any:
		table := state.CreateTable(len(is), 0)
		for _, item := range is {
			table.Append(valueOf(state, item))
		}
		return table
	case map[string]any:
		table := state.CreateTable(0, len(is))
		for key, item := range is {
			table.RawSetString(key, valueOf(state, item))
		}
		return table
	}
	return lua.LNil
}
