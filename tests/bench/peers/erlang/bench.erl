%% Erlang: the shapes of _runtime_shapes.ts as processes, messages and receive.
%% erl -noshell -run bench main SHAPE SIZE says "ready", then a figure for each line of its input.
-module(bench).
-export([main/1]).

main([Shape, SizeText]) ->
    Size = list_to_integer(SizeText),
    Run = setup(Shape),
    case Shape of "bytes" -> ok; _ -> Run(Size) end,
    io:format("ready~n"),
    loop(Shape, Run, Size).

loop(Shape, Run, Size) ->
    case io:get_line("") of
        eof -> halt(0);
        _ -> io:format("~w~n", [figure(Shape, Run, Size)]), loop(Shape, Run, Size)
    end.

figure("bytes", Run, Size) -> Run(Size);
figure("priority", Run, Size) -> Run(Size);
figure(_, Run, Size) ->
    Before = cpu_ticks(),
    Run(Size),
    Size / max(1, cpu_ticks() - Before) * 100.

%% User and system time, in hundredths of a second: statistics(runtime) has the first alone.
cpu_ticks() ->
    {ok, Stat} = file:read_file("/proc/self/stat"),
    [_, Rest] = binary:split(Stat, <<") ">>),
    Fields = binary:split(Rest, <<" ">>, [global]),
    binary_to_integer(lists:nth(12, Fields)) + binary_to_integer(lists:nth(13, Fields)).

setup("ping-pong") ->
    fun(Size) ->
        Self = self(),
        Pong = spawn(fun() -> bounce(Self) end),
        Ping = spawn(fun() -> bounce(Self) end),
        Ping ! {peer, Pong}, Pong ! {peer, Ping},
        Ping ! {ball, Size},
        receive done -> ok end,
        exit(Ping, kill), exit(Pong, kill)
    end;
setup("many to one") ->
    fun(Size) ->
        Self = self(),
        Each = Size div 50,
        Sink = spawn(fun() -> sink(Each * 50, Self) end),
        [spawn(fun() -> produce(Each, Sink) end) || _ <- lists:seq(1, 50)],
        receive done -> ok end
    end;
setup("ring") ->
    Self = self(),
    Last = spawn(fun() -> receive {peer, Next} -> pass(Next, Self) end end),
    First = lists:foldl(fun(_, Next) -> spawn(fun() -> pass(Next, Self) end) end, Last, lists:seq(2, 1000)),
    Last ! {peer, First},
    fun(Size) -> First ! {ball, Size}, receive done -> ok end end;
setup("random") ->
    Self = self(),
    Crowd = 100000,
    Walkers = [spawn(fun() -> receive {all, All} -> walk(All, Self, 0, I) end end) || I <- lists:seq(1, Crowd)],
    All = list_to_tuple(Walkers),
    persistent_term:put(all, All),
    [Pid ! {all, all} || Pid <- Walkers],
    fun(Size) ->
        [element(rand:uniform(Crowd), All) ! {ball, Size div 1000, rand:uniform(1 bsl 31)} || _ <- lists:seq(1, 1000)],
        [receive done -> ok end || _ <- lists:seq(1, 1000)]
    end;
setup("ask") ->
    Doubler = spawn(fun double/0),
    fun(Size) ->
        Self = self(),
        Each = Size div 100,
        [spawn(fun() -> ask(Doubler, Each), Self ! done end) || _ <- lists:seq(1, 100)],
        [receive done -> ok end || _ <- lists:seq(1, 100)]
    end;
setup("ask in turn") ->
    Doubler = spawn(fun double/0),
    fun(Size) -> ask(Doubler, Size) end;
setup("spawn") ->
    fun(Size) ->
        Pids = spawn_idle(Size),
        [exit(Pid, kill) || Pid <- Pids]
    end;
%% A parent that starts its child again, of links alone: a supervisor keeps a list of all restarts of the
%% last seconds and goes through it at each of them, which at this rate would be all that it does.
setup("restart") ->
    logger:set_primary_config(level, none),
    fun(Size) ->
        Self = self(),
        spawn(fun() -> process_flag(trap_exit, true), restart(Size, Self) end),
        receive done -> ok end
    end;
%% What is urgent is taken out of the mailbox first, by a receive of its own. Milliseconds.
setup("priority") ->
    fun(Size) ->
        Self = self(),
        Pid = spawn(fun() -> flooded(0) end),
        erlang:suspend_process(Pid),
        [Pid ! {ball, N} || N <- lists:seq(1, Size)],
        ToldAt = erlang:monotonic_time(microsecond),
        Pid ! {urgent, Self},
        erlang:resume_process(Pid),
        Waited = receive {handled, At} -> (At - ToldAt) / 1000 end,
        exit(Pid, kill),
        Waited
    end;
setup("bytes") ->
    fun(Size) ->
        Before = erlang:memory(processes),
        Pids = spawn_idle(Size),
        Each = (erlang:memory(processes) - Before) / Size,
        [exit(Pid, kill) || Pid <- Pids],
        Each
    end.

bounce(Main) -> receive {peer, Peer} -> bounce(Peer, Main) end.
bounce(Peer, Main) ->
    receive
        {ball, 1} -> Main ! done, bounce(Peer, Main);
        {ball, Left} -> Peer ! {ball, Left - 1}, bounce(Peer, Main)
    end.

sink(0, Main) -> Main ! done;
sink(Left, Main) -> receive {ball, _} -> sink(Left - 1, Main) end.

produce(0, _) -> ok;
produce(Left, Sink) -> Sink ! {ball, Left}, produce(Left - 1, Sink).

pass(Next, Main) ->
    receive
        {ball, 1} -> Main ! done, pass(Next, Main);
        {ball, Left} -> Next ! {ball, Left - 1}, pass(Next, Main)
    end.

walk(Where, Main, Seen, I) ->
    receive
        {ball, 1, _} -> Main ! done, walk(Where, Main, Seen + 1, I);
        {ball, Left, Seed} ->
            Next = (Seed * 1664525 + 1013904223) band 16#ffffffff,
            element(Next rem 100000 + 1, persistent_term:get(Where)) ! {ball, Left - 1, Next},
            walk(Where, Main, Seen + 1, I)
    end.

double() -> receive {From, Ref, Value} -> From ! {Ref, Value * 2}, double() end.

%% As gen_server:call does it.
ask(_, 0) -> ok;
ask(Doubler, Left) ->
    Ref = monitor(process, Doubler),
    Doubler ! {self(), Ref, Left},
    receive {Ref, _} -> demonitor(Ref, [flush]) after 5000 -> exit(timeout) end,
    ask(Doubler, Left - 1).

restart(0, Main) -> Main ! done;
restart(Left, Main) ->
    Child = spawn_link(fun failing/0),
    receive {'EXIT', Child, _} -> restart(Left - 1, Main) end.

failing() -> self() ! fail, receive fail -> exit(cannot_go_on) end.

flooded(Sum) ->
    receive
        {urgent, From} -> From ! {handled, erlang:monotonic_time(microsecond)}, flooded(Sum)
    after 0 ->
        receive
            {urgent, From} -> From ! {handled, erlang:monotonic_time(microsecond)}, flooded(Sum);
            {ball, N} -> flooded(Sum + N)
        end
    end.

spawn_idle(Size) ->
    Self = self(),
    Pids = [spawn(fun() -> Self ! started, idle(0) end) || _ <- lists:seq(1, Size)],
    [receive started -> ok end || _ <- Pids],
    Pids.

idle(Count) -> receive {ball, Left} -> idle(Count + Left) end.
