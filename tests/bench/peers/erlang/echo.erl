%% An echo server with a process a connection, which takes what comes as messages.
%% erl -noshell -run echo main prints its port, and for each line of its input the seconds of processor time
%% that it has used.
-module(echo).
-export([main/0, udp/0]).

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

%% User and system time, in hundredths of a second: statistics(runtime) has the first alone.
usage() ->
    case io:get_line("") of
        eof -> halt(0);
        _ ->
            {ok, Stat} = file:read_file("/proc/self/stat"),
            [_, Rest] = binary:split(Stat, <<") ">>),
            Fields = binary:split(Rest, <<" ">>, [global]),
            Ticks = binary_to_integer(lists:nth(12, Fields)) + binary_to_integer(lists:nth(13, Fields)),
            io:format("~w~n", [Ticks / 100]),
            usage()
    end.
