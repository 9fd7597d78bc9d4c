// Tiles belong to a process that was given them and to a thread that has set them up: what happens where Linux refuses,
// after a fork, in threads, and beside others who use tiles. On machines without them nothing is to be tested.
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <thread>
#include <vector>

#include "check.hpp"
#include "golden_models.hpp"
#include "kernels/kernels.hpp"

namespace {

std::string model() { return gaq_test::beside(__FILE__, "golden/models/w4a16-l2.gaq"); }

gaq_test::Answers answers(const std::string& isa, int threads = 1) {
  return gaq_test::answers(model(), gaq_test::golden_frames(model()), {threads, 0, false, isa});
}

bool offered() { return std::string(gaq::available_kernels()).find("amx") != std::string::npos; }

// Runs a body in a fork; true if it returned true there.
bool in_a_fork(const std::function<bool()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body() ? 0 : 1);
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Linux refuses tiles to a process with a signal stack on which they could not be saved.
bool refused_gives_the_same_bits() {
  static char memory[4096];
  stack_t small{};
  small.ss_sp = memory;
  small.ss_size = sizeof memory;
  if (sigaltstack(&small, nullptr) != 0) return true;  // it refuses the stack instead
  const bool none = gaq::choose_kernels() && std::strcmp(gaq::choose_kernels()->name, "amx") != 0;
  const std::string forced = answers("amx").problem;
  const bool said = forced.find("GAQ_ISA names an instruction set") != std::string::npos;
  return none && !offered() && said && answers("") == answers("scalar");
}

void test_threads(const gaq_test::Answers& plain) {
  std::vector<std::thread> threads;
  std::vector<int> same(4, 0);
  for (size_t k = 0; k < same.size(); ++k)
    threads.emplace_back([&, k] { same[k] = answers("", k % 2 ? 3 : 1) == plain; });
  for (std::thread& thread : threads) thread.join();
  for (const int one : same) CHECK(one);
}

}  // namespace

int main() {
  // First of all: what a process was given once, its forks have too.
  CHECK(in_a_fork(refused_gives_the_same_bits));
  if (!offered()) return finish();
  const gaq_test::Answers plain = answers("scalar");
  CHECK_EQ(plain.problem, "");
  CHECK(answers("amx") == plain);
  CHECK(in_a_fork([&] { return answers("amx") == plain; }));
  test_threads(plain);
  {  // someone else of this thread sets up tiles, and leaves them
    setenv("GAQ_ISA", "amx", 1);
    const gaq::Tiles tiles(*gaq::choose_kernels());
    unsetenv("GAQ_ISA");
    CHECK(answers("amx") == plain);
  }
  return finish();
}
