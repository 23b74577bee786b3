// go mod init starter
// go get github.com/gorilla/websocket
// go run starter.go
package main

import (
	"fmt"
	"time"

	"github.com/gorilla/websocket"
)

const url = {{lab.url}}

var given = {{lab.given}}

func main() {
	socket, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		panic(err)
	}
	defer socket.Close()
	fmt.Println("open", given)
	// What the task asks for.
	if err := socket.WriteMessage(websocket.TextMessage, []byte("TODO")); err != nil {
		panic(err)
	}
	for {
		socket.SetReadDeadline(time.Now().Add(2 * time.Second))
		_, message, err := socket.ReadMessage()
		if err != nil {
			fmt.Println("ended:", err)
			return
		}
		fmt.Printf("received %s\n", message)
	}
}
