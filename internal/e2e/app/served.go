package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// served asks for the config that CONFIG names, as the variables beside it say, and prints the status and the body:
//
//	app served                     its own
//	app served SERVICE             that of another service, with its own password
//	app served SERVICE PASSWORD    with another password
func served(_ *app, args []string) error {
	url := os.Getenv("CONFIG")
	if url == "" {
		return errors.New("CONFIG is not set")
	}
	user := os.Getenv("CONFIG_USER")
	password, err := os.ReadFile(os.Getenv("CONFIG_PASSWORD_FILE"))
	if err != nil {
		return err
	}
	if len(args) > 0 {
		url = strings.TrimSuffix(url, user) + args[0]
	}
	if len(args) > 1 {
		password = []byte(args[1])
	}
	authority, err := os.ReadFile(os.Getenv("CONFIG_CA_FILE"))
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return fmt.Errorf("%s holds no certificate", os.Getenv("CONFIG_CA_FILE"))
	}
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	q, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	q.SetBasicAuth(user, strings.TrimRight(string(password), "\r\n"))
	r, err := client.Do(q)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"status": r.StatusCode, "body": string(body), "etag": r.Header.Get("ETag")})
}
