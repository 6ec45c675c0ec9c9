%% An echo server with a process a connection, which takes what comes as messages.
%% erl -noshell -run echo main prints its port, and for each line of its input the seconds of processor time
%% that it has used.
-module(echo).
-export([main/0, udp/0, tls/1, usage/1]).

main() ->
    Options = [binary, {active, false}, {nodelay, true}, {backlog, 4096}, {reuseaddr, true}, {ip, {127, 0, 0, 1}}],
    {ok, Listener} = gen_tcp:listen(0, Options),
    {ok, Port} = inet:port(Listener),
    spawn(fun() -> accept(Listener) end),
    io:format("~w~n", [Port]),
    usage().

accept(Listener) ->
    {ok, Socket} = gen_tcp:accept(Listener),
    Pid = spawn(fun() -> receive start -> inet:setopts(Socket, [{active, true}]), serve(Socket) end end),
    gen_tcp:controlling_process(Socket, Pid),
    Pid ! start,
    accept(Listener).

serve(Socket) ->
    receive
        {tcp, Socket, Bytes} -> gen_tcp:send(Socket, Bytes), serve(Socket);
        {tcp_closed, Socket} -> ok;
        {tcp_error, Socket, _} -> ok
    end.

%% The same by UDP: a process that owns the socket takes the datagrams as messages.
udp() ->
    Main = self(),
    spawn(fun() ->
        {ok, Socket} = gen_udp:open(0, [binary, {active, true}, {recbuf, 1048576}, {ip, {127, 0, 0, 1}}]),
        {ok, Port} = inet:port(Socket),
        Main ! {port, Port},
        serve_udp(Socket)
    end),
    receive {port, Port} -> io:format("~w~n", [Port]) end,
    usage().

serve_udp(Socket) ->
    receive
        {udp, Socket, Host, Port, Bytes} -> gen_udp:send(Socket, Host, Port, Bytes), serve_udp(Socket)
    end.

%% The same over TLS, of the ssl application (Debian: erlang-ssl).
tls([CertFile, KeyFile]) ->
    {ok, _} = application:ensure_all_started(ssl),
    Options = [binary, {active, false}, {nodelay, true}, {backlog, 4096}, {reuseaddr, true}, {ip, {127, 0, 0, 1}},
               {certfile, CertFile}, {keyfile, KeyFile}],
    {ok, Listener} = ssl:listen(0, Options),
    {ok, {_, Port}} = ssl:sockname(Listener),
    spawn(fun() -> accept_tls(Listener) end),
    io:format("~w~n", [Port]),
    usage().

accept_tls(Listener) ->
    {ok, Socket} = ssl:transport_accept(Listener),
    Pid = spawn(fun() -> receive start -> shake_hands(Socket) end end),
    ssl:controlling_process(Socket, Pid),
    Pid ! start,
    accept_tls(Listener).

shake_hands(Socket) ->
    {ok, Secured} = ssl:handshake(Socket),
    ssl:setopts(Secured, [{active, true}]),
    serve_tls(Secured).

serve_tls(Socket) ->
    receive
        {ssl, Socket, Bytes} -> ssl:send(Socket, Bytes), serve_tls(Socket);
        {ssl_closed, Socket} -> ok;
        {ssl_error, Socket, _} -> ok
    end.

usage() -> usage(fun() -> "" end).

%% User and system time, in hundredths of a second: statistics(runtime) has the first alone. And more.
usage(More) ->
    case io:get_line("") of
        eof -> halt(0);
        _ ->
            {ok, Stat} = file:read_file("/proc/self/stat"),
            [_, Rest] = binary:split(Stat, <<") ">>),
            Fields = binary:split(Rest, <<" ">>, [global]),
            Ticks = binary_to_integer(lists:nth(12, Fields)) + binary_to_integer(lists:nth(13, Fields)),
            io:format("~w~s~n", [Ticks / 100, More()]),
            usage(More)
    end.
