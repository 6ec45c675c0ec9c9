%% Fan-out with a process a connection and one that knows them all: a line goes to all others.
%% erl -noshell -run fan_out main FORM prints its port, and for each line of its input the seconds of processor
%% time and how many clients there are. FORM chat: each line behind its writer's name, as a chat has it; editor:
%% as it is.
-module(fan_out).
-export([main/1]).

main([Form]) ->
    Options = [binary, {packet, line}, {active, false}, {nodelay, true}, {backlog, 4096}, {reuseaddr, true},
               {ip, {127, 0, 0, 1}}],
    {ok, Listener} = gen_tcp:listen(0, Options),
    {ok, Port} = inet:port(Listener),
    %% Before the clients, who then write what it had for them at once: in turns with them it has a line or two,
    %% and each is a write.
    Room = spawn_opt(fun() -> room(#{}) end, [{priority, high}]),
    spawn(fun() -> accept(Listener, Room, Form, 0) end),
    io:format("~w~n", [Port]),
    echo:usage(fun() -> Room ! {count, self()}, receive {count, Count} -> [" ", integer_to_list(Count)] end end).

accept(Listener, Room, Form, Number) ->
    {ok, Socket} = gen_tcp:accept(Listener),
    Name = case Form of "chat" -> iolist_to_binary(["n", integer_to_list(Number), ": "]); _ -> <<>> end,
    Pid = spawn(fun() -> receive start -> enter(Socket, Room, Name) end end),
    gen_tcp:controlling_process(Socket, Pid),
    Pid ! start,
    accept(Listener, Room, Form, Number + 1).

enter(Socket, Room, Name) ->
    Room ! {enter, self()},
    inet:setopts(Socket, [{active, true}]),
    client(Socket, Room, Name).

client(Socket, Room, Name) ->
    receive
        {tcp, Socket, Line} -> Room ! {said, self(), <<Name/binary, Line/binary>>}, client(Socket, Room, Name);
        {line, Line} -> gen_tcp:send(Socket, [Line | waiting()]), client(Socket, Room, Name);
        {tcp_closed, Socket} -> ok;
        {tcp_error, Socket, _} -> ok
    end.

%% What has come meanwhile goes out in the same write.
waiting() -> receive {line, Line} -> [Line | waiting()] after 0 -> [] end.

room(Clients) ->
    receive
        {said, From, Line} ->
            maps:foreach(fun(Pid, _) -> Pid =:= From orelse (Pid ! {line, Line}) end, Clients),
            room(Clients);
        {enter, Pid} -> room(Clients#{Pid => monitor(process, Pid)});
        {'DOWN', _, process, Pid, _} -> room(maps:remove(Pid, Clients));
        {count, From} -> From ! {count, map_size(Clients)}, room(Clients)
    end.
