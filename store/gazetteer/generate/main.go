// Command generate packs towns.csv, towns-fr.csv and areas.csv of a folder into the file that package gazetteer embeds.
//
// The file is gzip around columns, one after the other, because a column compresses better than rows: neighbours in a
// column resemble each other. Package gazetteer, decode.go, describes the columns by reading them.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// version is the first byte of the data; decode.go refuses any other.
const version = 1

func main() {
	log.SetFlags(0)
	from := flag.String("from", "", "folder with towns.csv, towns-fr.csv and areas.csv")
	to := flag.String("to", "towns.bin.gz", "file to write")
	flag.Parse()
	if err := run(*from, *to); err != nil {
		log.Fatal("generate: ", err)
	}
}

func run(from, to string) error {
	towns, err := table(filepath.Join(from, "towns.csv"))
	if err != nil {
		return err
	}
	french, err := table(filepath.Join(from, "towns-fr.csv"))
	if err != nil {
		return err
	}
	areas, err := table(filepath.Join(from, "areas.csv"))
	if err != nil {
		return err
	}
	towns = append(towns, french...)
	slices.SortFunc(towns, func(a, b row) int { return strings.Compare(a["code"], b["code"]) })
	data, err := pack(towns, areas)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := zip.Write(data); err != nil {
		return err
	}
	if err := zip.Close(); err != nil {
		return err
	}
	fmt.Printf("%d towns, %d areas, %d bytes, %d compressed\n", len(towns), len(areas), len(data), out.Len())
	return os.WriteFile(to, out.Bytes(), 0o644)
}

type row map[string]string

// table reads a CSV file whose notes start with # and whose first other line names the columns.
func table(path string) ([]row, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	in := csv.NewReader(file)
	in.Comment = '#'
	head, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var rows []row
	for {
		fields, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		r := row{}
		for i, name := range head {
			r[name] = fields[i]
		}
		rows = append(rows, r)
	}
}

func pack(towns, areas []row) ([]byte, error) {
	data := []byte{version}
	places := map[string]uint64{}
	data = binary.AppendUvarint(data, uint64(len(areas)))
	for i, a := range areas {
		places[a["code"]] = uint64(i) + 1
		for _, column := range []string{"code", "name_fr", "name_nl", "name_de", "name_en"} {
			data = text(data, a[column])
		}
	}
	languages := []string{}
	for _, t := range towns {
		if !slices.Contains(languages, t["languages"]) {
			languages = append(languages, t["languages"])
		}
	}
	data = text(data, strings.Join(languages, " "))

	data = binary.AppendUvarint(data, uint64(len(towns)))
	for _, t := range towns {
		if len(t["code"]) != len("BE-00000") {
			return nil, fmt.Errorf("code %q", t["code"])
		}
		data = append(data, t["code"]...)
	}
	data = names(data, towns)
	for _, column := range []string{"region", "province_or_department"} {
		for _, t := range towns {
			if t[column] != "" && places[t[column]] == 0 {
				return nil, fmt.Errorf("%s: unknown area %q", t["code"], t[column])
			}
			data = binary.AppendUvarint(data, places[t[column]])
		}
	}
	for _, t := range towns {
		data = binary.AppendUvarint(data, uint64(slices.Index(languages, t["languages"])))
	}
	return numbers(data, towns)
}

// names writes the official names, then those other names that differ from the official one.
func names(data []byte, towns []row) []byte {
	for _, t := range towns {
		data = text(data, t["name"])
	}
	// The name in French of a French commune is left out of the source because it equals the official one.
	for _, column := range []string{"name_fr", "name_nl", "name_de"} {
		for _, t := range towns {
			switch name := t[column]; {
			case name == "" && (column != "name_fr" || t["country"] != "FR"):
				data = append(data, 0)
			case name == "" || name == t["name"]:
				data = append(data, 1)
			default:
				data = text(append(data, 2), name)
			}
		}
	}
	return data
}

func numbers(data []byte, towns []row) ([]byte, error) {
	for _, t := range towns {
		n, err := strconv.ParseUint("0"+t["population"], 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t["code"], err)
		}
		data = binary.AppendUvarint(data, n)
	}
	for _, column := range []string{"lat", "lon"} {
		before := int64(0)
		for _, t := range towns {
			degrees, err := strconv.ParseFloat(t[column], 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t["code"], err)
			}
			at := int64(math.Round(degrees * 10000))
			data = binary.AppendVarint(data, at-before)
			before = at
		}
	}
	before := int64(0)
	for _, t := range towns {
		codes := strings.Split(t["postal_codes"], ";")
		data = binary.AppendUvarint(data, uint64(len(codes)))
		for _, code := range codes {
			want := 5
			if t["country"] == "BE" {
				want = 4
			}
			n, err := strconv.ParseInt(code, 10, 32)
			if err != nil || len(code) != want {
				return nil, fmt.Errorf("%s: postal code %q", t["code"], code)
			}
			data = binary.AppendVarint(data, n-before)
			before = n
		}
	}
	return data, nil
}

func text(data []byte, s string) []byte {
	return append(binary.AppendUvarint(data, uint64(len(s))), s...)
}
